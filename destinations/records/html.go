package records

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/go-consent/segment/destinations"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"lines":  func(s string) []string { return strings.Split(s, "\n") },
	"isLink": func(s string) bool { return strings.HasPrefix(s, "https://") && !strings.ContainsAny(s, " \"<>") },
	"shown":  func(s string) string { return strings.TrimPrefix(s, "https://") },
	"isLong": func(s string) bool { return len(s) > 160 },
}).Parse(pageText))

// HTML writes a page with the head of the register and every document of this package, as of a day.
// The page loads nothing from elsewhere.
func HTML(w io.Writer, r *destinations.Register, on time.Time) error {
	return page.Execute(w, struct {
		Register                                *destinations.Register
		Day                                     string
		Facts, Activities, CookieTable, Columns Table
	}{r, day(on), Assessment(r), Processing(r), Cookies(r), Columns()})
}

// Markdown returns the same as HTML does, in Markdown.
func Markdown(r *destinations.Register, on time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Register of destinations\n\nAs of %s.\n\n", day(on))
	head := func(what, text string) {
		if text != "" {
			fmt.Fprintf(&b, "- %s: %s\n", what, escape(strings.ReplaceAll(text, "\n", ", ")))
		}
	}
	head("Controller", party(r.Controller))
	for _, p := range r.JointControllers {
		head("Joint controller", party(p))
	}
	head("Representative", party(r.Representative))
	head("Data protection officer", party(r.DPO))
	head("Privacy notice", filled(", version ", r.Notice.URL, r.Notice.Version))
	head("Security", r.Security)
	for _, t := range []Table{Assessment(r), Processing(r), Cookies(r), Columns()} {
		b.WriteString("\n" + t.Markdown())
	}
	return b.String()
}
