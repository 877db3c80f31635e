package main

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/go-consent/segment/destinations"
)

// The parts of SARIF 2.1.0 that a check uses (OASIS, 2020-03-27).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             sarifText         `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
)

// ruleMistake is the rule for mistakes in the file itself.
const ruleMistake = "mistake"

// sarif returns the report for code review tools.
func (r report) sarif() []byte {
	rules := []sarifRule{{ruleMistake, sarifText{"The register cannot be read."}}}
	indexes := map[string]int{ruleMistake: 0}
	for _, rule := range destinations.Rules() {
		indexes[string(rule.Rule)] = len(rules)
		rules = append(rules, sarifRule{string(rule.Rule), sarifText{rule.Short}})
	}
	results := []sarifResult{}
	uri := url.URL{Path: filepath.ToSlash(r.file)}
	add := func(rule, level, text, key string, line int) {
		location := sarifLocation{sarifPhysical{sarifArtifact{uri.String()}, sarifRegion{max(line, 1)}}}
		results = append(results, sarifResult{
			RuleID: rule, RuleIndex: indexes[rule], Level: level, Message: sarifText{text},
			Locations: []sarifLocation{location}, PartialFingerprints: map[string]string{"consentgate/v1": key},
		})
	}
	for _, m := range r.mistakes {
		add(ruleMistake, "error", m.Error(), ruleMistake+" "+m.Key, m.Line)
	}
	for _, f := range r.findings {
		level := "error"
		if f.Warning {
			level = "warning"
		}
		text := strings.TrimPrefix(f.String(), string(f.Rule)+": ")
		if f.Cure != "" {
			text += "\n" + f.Cure
		}
		add(string(f.Rule), level, text, string(f.Rule)+" "+f.Destination+" "+f.Problem, f.Line)
	}
	b, _ := json.MarshalIndent(sarifLog{ // strings and numbers always marshal
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs: []sarifRun{{
			Tool:    sarifTool{sarifDriver{"consentgate", "https://pkg.go.dev/github.com/go-consent/segment/destinations/consentgate", rules}},
			Results: results,
		}},
	}, "", "  ")
	return append(b, '\n')
}
