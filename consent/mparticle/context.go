package mparticle

import (
	"fmt"
	"math"
	"strings"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// deviceInfo is the part of mParticle's device_info that a Context of analytics-go has. What
// identifies a device is left out: the ids of a Context say neither whose nor of what kind.
type deviceInfo struct {
	Platform     string `json:"platform,omitempty"`
	Manufacturer string `json:"device_manufacturer,omitempty"`
	Model        string `json:"device_model,omitempty"`
	OSVersion    string `json:"os_version,omitempty"`
	Width        int    `json:"screen_width,omitempty"`
	Height       int    `json:"screen_height,omitempty"`
	Language     string `json:"locale_language,omitempty"`
	Country      string `json:"locale_country,omitempty"`
	Carrier      string `json:"network_carrier,omitempty"`
	UserAgent    string `json:"http_header_user_agent,omitempty"`
}

type applicationInfo struct {
	Name    string `json:"application_name,omitempty"`
	Version string `json:"application_version,omitempty"`
	Build   string `json:"application_build_number,omitempty"`
	Package string `json:"package,omitempty"`
}

type location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Country   string  `json:"country_code,omitempty"`
	Region    string  `json:"region_code,omitempty"`
	City      string  `json:"city_name,omitempty"`
}

// platforms are mParticle's names of what analytics-go calls the type of a device.
var platforms = map[string]string{"ios": "iOS", "android": "Android", "web": "web", "tvos": "tvOS", "roku": "roku", "xbox": "xbox"}

func deviceInfoOf(c *analytics.Context) *deviceInfo {
	language, country, _ := strings.Cut(strings.ReplaceAll(c.Locale, "_", "-"), "-")
	d := deviceInfo{
		Platform: platforms[strings.ToLower(c.Device.Type)], Manufacturer: c.Device.Manufacturer, Model: c.Device.Model,
		OSVersion: c.OS.Version, Width: c.Screen.Width, Height: c.Screen.Height, Language: language, Country: country,
		Carrier: c.Network.Carrier, UserAgent: c.UserAgent,
	}
	if d == (deviceInfo{}) {
		return nil
	}
	return &d
}

func applicationInfoOf(c *analytics.Context) *applicationInfo {
	a := applicationInfo{c.App.Name, c.App.Version, c.App.Build, c.App.Namespace}
	if a == (applicationInfo{}) {
		return nil
	}
	return &a
}

// locationOf returns nil where there are no coordinates, which mParticle requires.
func locationOf(l analytics.LocationInfo) (*location, error) {
	for _, n := range []float64{l.Latitude, l.Longitude} {
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, fmt.Errorf("%w: a %T", consent.ErrNoJSON, n)
		}
	}
	if l.Latitude == 0 && l.Longitude == 0 {
		return nil, nil
	}
	return &location{l.Latitude, l.Longitude, l.Country, l.Region, l.City}, nil
}
