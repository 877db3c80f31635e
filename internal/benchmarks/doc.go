// Package benchmarks holds what consent costs beside the alternatives: the same work
// by hand, through encoding/json, or without consent. Every pair is checked to give
// the same before it is timed.
//
// The script run in this folder prints the comparison as a table, from runs that take
// turns; the program in chart draws how the costs grow.
package benchmarks
