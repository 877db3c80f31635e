package mirror

import "embed"

//go:embed script/*.js
var scripts embed.FS

// Script returns JavaScript that mirrors the answers of a platform, for a script element
// on every page, and whether the platform is known: sourcepoint, usercentrics, termly,
// osano, klaro or orestbida. "mirror" returns only the function that the others call,
// mirrorConsent(platform, categories, vendors), for your own script; its answers are
// objects of ids and booleans. The scripts run in browsers from 2018 on. The first line
// of each says where to place it.
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
