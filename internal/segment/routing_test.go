package segment

import (
	"slices"
	"testing"
)

// The tables of Segment's documentation are tested together with the policy, in destinations. Here
// is what those tables leave out.
func TestRoute(t *testing.T) {
	workspace := Workspace{
		Categories: map[string][]string{"analytics": {"Amplitude (Actions)", "Snowflake", "Amazon S3"}},
		Destinations: []Destination{
			{Name: "Amplitude (Actions)", Former: []string{"Actions Amplitude"}},
			Named("Mixpanel"), Named("Snowflake"), Named("Amazon S3"),
		},
	}
	for _, c := range []struct {
		rule, event string
		delivered   []string
	}{
		{"nothing said", `{}`, []string{"Amplitude (Actions)", "Mixpanel", "Snowflake", "Amazon S3"}},
		{"All closes neither warehouses nor storage", `{"integrations":{"All":false}}`, []string{"Snowflake", "Amazon S3"}},
		{"warehouses have a shape of their own", `{"integrations":{"All":false,"Warehouses":{"all":false}}}`, []string{"Amazon S3"}},
		{"warehouses by id", `{"integrations":{"Warehouses":{"warehouseIds":["w"]},"All":false}}`, []string{"Snowflake", "Amazon S3"}},
		{"warehouses false", `{"integrations":{"Warehouses":false}}`, []string{"Amplitude (Actions)", "Mixpanel", "Amazon S3"}},
		{"a former name counts", `{"integrations":{"All":false,"Actions Amplitude":{"session_id":1}}}`, []string{"Amplitude (Actions)", "Snowflake", "Amazon S3"}},
		{"names are case-sensitive", `{"integrations":{"All":false,"mixpanel":true}}`, []string{"Snowflake", "Amazon S3"}},
		{"so is All", `{"integrations":{"all":false}}`, []string{"Amplitude (Actions)", "Mixpanel", "Snowflake", "Amazon S3"}},
		{"null selects", `{"integrations":{"All":false,"Mixpanel":null}}`, []string{"Mixpanel", "Snowflake", "Amazon S3"}},
		{"consent covers neither warehouses nor storage", `{"context":{"consent":{"categoryPreferences":{"analytics":false}}}}`, []string{"Mixpanel", "Snowflake", "Amazon S3"}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			deliveries, err := workspace.Route([]byte(c.event))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range deliveries {
				if d.Delivered != (d.Reason == "") {
					t.Errorf("%+v", d)
				}
				if d.Delivered {
					got = append(got, d.Destination)
				}
			}
			if !slices.Equal(got, c.delivered) {
				t.Errorf("delivered to %q, want %q", got, c.delivered)
			}
		})
	}
	if _, err := workspace.Route([]byte(`{"integrations":`)); err == nil {
		t.Error("no error for what is not JSON")
	}
}
