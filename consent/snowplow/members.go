package snowplow

import (
	"encoding/json"
	"fmt"
)

// members are those of properties and traits of which the schemas of com.segment say
// something: each is a text of at most so many characters.
var members = map[kind]map[string]int{
	kindIdentify: {"name": 255, "email": 512},
	kindPage:     {"title": 255, "url": 8192},
}

// address are the members of the trait of that name, likewise.
var address = map[string]int{"city": 512, "country": 512, "postalCode": 512, "state": 512, "street": 512}

// checkObject returns an error for properties or traits, as JSON, that the schema of the
// message would refuse.
func (m message) checkObject(text json.RawMessage) error {
	if members[m.kind] == nil {
		return nil
	}
	values, err := checkMembers(text, members[m.kind])
	if err != nil {
		return err
	}
	if inner, ok := values["address"]; ok && m.kind == kindIdentify {
		_, err = checkMembers(inner, address)
	}
	return err
}

func checkMembers(text json.RawMessage, limits map[string]int) (values map[string]json.RawMessage, err error) {
	if json.Unmarshal(text, &values) != nil || values == nil {
		return nil, fmt.Errorf("%w: a property or trait is no object", ErrField)
	}
	for name, most := range limits {
		member, ok := values[name]
		if !ok {
			continue
		}
		var value *string
		if json.Unmarshal(member, &value) != nil || value == nil {
			return nil, fmt.Errorf("%w: the property or trait %s is no text", ErrField, name)
		}
		if err := tooLong("the property or trait "+name, *value, most); err != nil {
			return nil, err
		}
	}
	return values, nil
}
