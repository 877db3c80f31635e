package segment

import "testing"

func TestReserved(t *testing.T) {
	for name, want := range map[string]bool{
		"All": true, "all": true, "Segment.io": true, "SEGMENT.IO": true, "": false, "Allure": false, "Segment": false, " A ll": true, "segment.io\u00a0": true,
	} {
		if Reserved(name) != want {
			t.Errorf("Reserved(%q) is not %t", name, want)
		}
	}
}

func TestKindsOfDestinations(t *testing.T) {
	for name, want := range map[string][2]bool{ // unstoppable, warehouse
		"Amazon S3": {true, false}, "aws s3": {true, false}, "Google Cloud Storage": {true, false}, "ENGAGE": {true, false},
		"Data Lakes": {true, false}, "Snowflake": {false, true}, "Data bricks ": {false, true}, "bigquery": {false, true},
		"Amplitude": {false, false}, "MoEngage": {false, false}, Warehouses: {false, false}, "": {false, false},
	} {
		if got := [2]bool{Unstoppable(name), IsWarehouse(name)}; got != want {
			t.Errorf("%q is %v, want %v", name, got, want)
		}
	}
}
