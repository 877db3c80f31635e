// Package project holds the tests of the repository as a whole: what may import
// what, which dependencies there are, and what every package has to have.
package project
