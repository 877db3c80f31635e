package names

import "strings"

// Warehouses is the name under which Segment's integrations object addresses all
// warehouses, with a value of its own shape. "All": false leaves them running
// (Segment's documentation, "Filtering data" and "Warehouses FAQ").
const Warehouses = "Warehouses"

// IsWarehouse reports whether the name is that of one kind of warehouse, which the
// integrations object can only address together with the others.
func IsWarehouse(destination string) bool { return warehouses[Fold(strings.TrimSpace(destination))] }

// Unstoppable reports whether the integrations object has no effect on the
// destination: Segment documents so for Amazon S3, AWS S3 and Google Cloud
// Storage, excepts Engage from the enforcement of consent, and copies everything
// into data lakes and profiles.
func Unstoppable(destination string) bool { return unstoppable[Fold(strings.TrimSpace(destination))] }

var warehouses = folded(
	"Azure Synapse Analytics Warehouse", "Azure SQL Data Warehouse", "Azure SQL Database",
	"BigQuery", "Databricks", "IBM Db2 Warehouse", "Postgres", "Redshift", "Snowflake",
)

var unstoppable = folded(
	"Amazon S3", "AWS S3", "S3",
	"Google Cloud Storage",
	"Data Lakes", "Segment Data Lakes", "AWS Data Lakes", "Azure Data Lakes",
	"Engage", "Twilio Engage", "Segment Engage", "Personas", "Segment Personas",
	"Segment Profiles", "Unify", "Segment Unify",
)

func folded(list ...string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, name := range list {
		m[Fold(name)] = true
	}
	return m
}
