package segment

import "github.com/go-consent/segment/internal/names"

// All is the key of the integrations object that stands for every destination without
// a key of its own.
const All = "All"

// Warehouses is the name under which Segment's integrations object addresses all
// warehouses, with its own kind of value. "All": false leaves them running (Segment's
// documentation, "Filtering data" and "Warehouses FAQ").
const Warehouses = "Warehouses"

// IsWarehouse reports whether the name is that of one kind of warehouse, which the
// integrations object can only address together with the others.
func IsWarehouse(destination string) bool { return warehouses[names.Fold(destination)] }

// Unstoppable reports whether the integrations object has no effect on the
// destination: Segment documents so for Amazon S3, AWS S3 and Google Cloud Storage,
// exempts Engage from the enforcement of consent, and copies everything into data
// lakes and profiles.
func Unstoppable(destination string) bool { return unstoppable[names.Fold(destination)] }

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

// Reserved reports whether name is one of the two keys of the integrations object
// that are not destinations, in any casing: "All" stands for every other name,
// "Segment.io" for Segment itself.
func Reserved(name string) bool {
	folded := names.Fold(name)
	return folded == foldedAll || folded == foldedSegment
}

// Folded forms of keys that are recognised in any casing. The legacy key is one that
// @segment/facade reads destinations from, in the context and in the integrations
// object.
const (
	foldedAll        = "all"
	foldedSegment    = "segment.io"
	foldedWarehouses = "warehouses"
	foldedSalesforce = "salesforce"
	foldedConsent    = "consent"
	foldedObject     = "integrations"
	foldedLegacy     = "providers"
)

func folded(list ...string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, name := range list {
		m[names.Fold(name)] = true
	}
	return m
}
