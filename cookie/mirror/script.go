package mirror

import "embed"

//go:embed script/*.js
var scripts embed.FS

// Script returns the lines of JavaScript that mirror the answers of a platform, for a
// script element of every page, and whether there are any for it: for sourcepoint,
// usercentrics, termly, osano, klaro and orestbida. "mirror" has the function alone that
// they call, mirrorConsent(platform, categories, vendors), for a script of one's own; its
// answers are objects of ids and booleans. They run in browsers from 2018 on. Where they
// have to stand is in the first line of each.
func Script(platform string) (script string, ok bool) {
	common, err := scripts.ReadFile("script/mirror.js")
	if err != nil || platform == "mirror" {
		return string(common), err == nil
	}
	own, err := scripts.ReadFile("script/" + platform + ".js")
	if err != nil {
		return "", false
	}
	return string(common) + string(own), true
}
