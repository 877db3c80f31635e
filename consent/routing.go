package consent

import (
	"strings"

	"github.com/go-consent/segment/internal/names"
)

// Segment's integrations object addresses warehouses under one key, with a value
// of its own shape; "All": false leaves them running (Segment's documentation,
// "Filtering with the integrations object" and the FAQ on warehouses).
const warehousesKey = "Warehouses"

func noWarehouses() map[string]any { return map[string]any{"all": false} }

// unstoppable reports whether the integrations object has no effect on the
// destination: Segment documents so for Amazon S3, AWS S3 and Google Cloud
// Storage, excepts Engage from consent enforcement, and copies everything into
// data lakes and profiles.
func unstoppable(destination string) bool { return unstoppableNames[names.Fold(destination)] }

var unstoppableNames = folded(
	"Amazon S3", "AWS S3", "S3",
	"Google Cloud Storage",
	"Data Lakes", "Segment Data Lakes", "AWS Data Lakes", "Azure Data Lakes", "Data Lake",
	"Engage", "Twilio Engage", "Segment Engage", "Personas", "Segment Personas",
	"Unify", "Segment Unify", "Segment Profiles", "Profiles",
)

// isWarehouse reports whether the name is that of one kind of warehouse, which
// the integrations object can only address together with the others.
func isWarehouse(destination string) bool {
	return warehouseNames[names.Fold(strings.TrimSpace(destination))]
}

var warehouseNames = folded(
	"Azure Synapse Analytics Warehouse", "Azure SQL Data Warehouse", "Azure SQL Database",
	"BigQuery", "Databricks", "IBM Db2 Warehouse", "Postgres", "Redshift", "Snowflake",
)

func folded(list ...string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, name := range list {
		m[names.Fold(name)] = true
	}
	return m
}
