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

// The lists are repeated here, from the catalogue: without its row, a destination would be taken
// for one that integrations can close.
func TestEveryNameOfItsKind(t *testing.T) {
	for _, name := range []string{
		"Azure Synapse Analytics Warehouse", "Azure SQL Data Warehouse", "Azure SQL Database", "BigQuery", "Databricks",
		"IBM Db2 Warehouse", "Postgres", "Redshift", "Snowflake",
	} {
		if !IsWarehouse(name) || Unstoppable(name) {
			t.Errorf("%q is not a warehouse", name)
		}
	}
	for _, name := range []string{
		"Amazon S3", "AWS S3", "S3", "Google Cloud Storage", "Data Lakes", "Segment Data Lakes", "AWS Data Lakes",
		"Azure Data Lakes", "Engage", "Twilio Engage", "Segment Engage", "Personas", "Segment Personas", "Segment Profiles",
		"Unify", "Segment Unify",
	} {
		if !Unstoppable(name) || IsWarehouse(name) {
			t.Errorf("%q is taken for one that integrations can stop", name)
		}
	}
	if len(warehouses) != 9 || len(unstoppable) != 16 {
		t.Errorf("%d warehouses and %d of storage: a new one needs a row above", len(warehouses), len(unstoppable))
	}
}
