module github.com/go-consent/segment/examples/routers

go 1.26.0

require (
	github.com/go-consent/segment v0.0.0
	github.com/go-consent/segment/consent/mparticle v0.0.0
	github.com/go-consent/segment/consent/rudderstack v0.0.0
	github.com/go-consent/segment/consent/snowplow v0.0.0
	github.com/rudderlabs/analytics-go/v4 v4.2.1
	github.com/segmentio/analytics-go/v3 v3.3.0
	github.com/stretchr/testify v1.11.1
)

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/google/uuid v1.3.0 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	github.com/segmentio/backo-go v1.0.1 // indirect
	github.com/snowplow/snowplow-golang-tracker/v3 v3.1.0 // indirect
	github.com/tidwall/gjson v1.14.4 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.1 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

replace (
	github.com/go-consent/segment => ../..
	github.com/go-consent/segment/consent/mparticle => ../../consent/mparticle
	github.com/go-consent/segment/consent/rudderstack => ../../consent/rudderstack
	github.com/go-consent/segment/consent/snowplow => ../../consent/snowplow
)
