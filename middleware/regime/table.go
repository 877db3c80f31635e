package regime

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed table.csv
var tableCSV string

// Table returns the rows of the table in the order of their places: the countries of ISO
// 3166-1 with Kosovo (XK), and the states of the United States with the District of
// Columbia. The row US is for an unknown state.
func Table() []Regime { return slices.Clone(table().rows) }

type rows struct {
	rows    []Regime
	byPlace map[string]Regime
	divided map[string]bool // countries with rows for their subdivisions
}

var table = sync.OnceValue(func() rows {
	t, err := parseTable(tableCSV)
	if err != nil {
		panic(err) // the file is part of the program, and tested
	}
	return t
})

func parseTable(text string) (t rows, err error) {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return t, fmt.Errorf("regime: table.csv: %w", err)
	}
	t.byPlace, t.divided = make(map[string]Regime), make(map[string]bool)
	for i, record := range records[1:] {
		r := Regime{Place: record[0], Name: record[1], Law: record[5], Source: record[6], AsOf: record[7]}
		for column, rule := range []*Rule{&r.Functional, &r.Statistics, &r.Advertising} {
			n := slices.Index(ruleNames[:], record[2+column])
			if n < 0 {
				return t, fmt.Errorf("regime: table.csv: row %d has an unknown rule %q", i+2, record[2+column])
			}
			*rule = Rule(n)
		}
		if country, region := splitPlace(r.Place); region != "" {
			t.divided[country] = true
		}
		t.rows = append(t.rows, r)
		t.byPlace[r.Place] = r
	}
	return t, nil
}
