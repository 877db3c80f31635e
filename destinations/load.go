package destinations

import (
	"fmt"
	"io"
	"strconv"
)

// Load reads the file of a [Register], of 4 MiB at most. The error joins every mistake in it, each a
// [Mistake] with its line and key, and then the Register is nil. Mistakes are invalid JSON, a key
// that is unknown or appears twice, a value of the wrong type, an entry that contradicts another,
// and everything that [Compile] refuses in its Config.
//
// An entry may lack its owner, its legal basis or its review. [Audit] finds these, since a file has
// to be read before it can be reviewed.
//
// The form of the file is that of register.schema.json. Load also refuses what a schema
// cannot express: keys that appear twice, and names that exist nowhere, or in two places, in any
// casing.
func Load(r io.Reader) (*Register, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRegister, err)
	}
	if len(data) > maxFile {
		return nil, &Mistake{Line: 1, Problem: fmt.Sprintf("larger than %d bytes", maxFile)}
	}
	s := newSource(data)
	root, mistake := s.parse()
	if mistake != nil {
		return nil, mistake
	}
	register := &Register{lines: make(map[string]int)}
	f := form{source: s, lines: register.lines}
	f.register(register)(root, "")
	if len(f.mistakes) == 0 {
		f.mistakes = register.contradictions()
	}
	if len(f.mistakes) > 0 {
		return nil, join(f.mistakes)
	}
	return register, nil
}

func index(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }

// parent returns the key of what a value is in: "a[1]" of "a[1].b", "a" of "a[1]".
func parent(key string) string {
	for i := len(key) - 1; i >= 0; i-- {
		if key[i] == '.' || key[i] == '[' {
			return key[:i]
		}
	}
	return ""
}
