package recipes

import (
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware/preferences"
)

// Endpoint takes answers on the host of an API, from the pages of another host of the same
// site, such as https://www.example.com. Wrap it in a CORS handler that allows this one
// origin, with credentials, the methods POST, PUT and DELETE, and the header Content-Type:
// see examples/cors.
func Endpoint(client *consent.Client, page string) (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(page); err != nil {
		return nil, err
	}
	h := preferences.Handler{Policy: OptIn, Client: client, Expand: OptIn.Expand, CrossOrigin: protection}
	return h, h.Check()
}
