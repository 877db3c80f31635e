package consent

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// UnmarshalJSON sets s from a JSON string with the text of a State, as UnmarshalText
// does. A null sets it to All(Denied), whatever it held. Any other value is an error,
// and so All(Denied) too.
func (s *State) UnmarshalJSON(data []byte) error {
	*s = State{}
	if string(data) == "null" {
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("%w: not a JSON string", ErrStateText)
	}
	return s.UnmarshalText([]byte(text))
}

// MarshalBinary returns the text of s, for encodings that ask for bytes, such as gob.
func (s State) MarshalBinary() ([]byte, error) { return s.MarshalText() }

// UnmarshalBinary sets s as UnmarshalText does.
func (s *State) UnmarshalBinary(text []byte) error { return s.UnmarshalText(text) }

// Value returns the text of s for a column of a database.
func (s State) Value() (driver.Value, error) {
	text, err := s.MarshalText()
	if err != nil {
		return nil, err
	}
	return string(text), nil
}

// Scan sets s from a column that holds what Value returned, as a string or bytes. NULL
// sets it to All(Denied), whatever it held. Any other type is an error that wraps
// [ErrStateText], and so All(Denied) too.
func (s *State) Scan(column any) error {
	*s = State{}
	switch text := column.(type) {
	case nil:
		return nil
	case string:
		return s.UnmarshalText([]byte(text))
	case []byte:
		return s.UnmarshalText(text)
	default:
		return fmt.Errorf("%w: a column of type %T", ErrStateText, column)
	}
}
