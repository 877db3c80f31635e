package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/go-consent/segment/destinations"
)

// fromYAML returns a YAML document as JSON in which every value is on the same line as in the
// document, so that a mistake has the line of the YAML. Anchors, aliases, tags and merge keys are
// refused: with them, a value could be in another place than the one that is reviewed.
func fromYAML(data []byte) ([]byte, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		line, problem := yamlError(err)
		return nil, &destinations.Mistake{Line: line, Problem: problem}
	}
	var second yaml.Node
	if decoder.Decode(&second) == nil {
		return nil, &destinations.Mistake{Line: max(second.Line, 1), Problem: "a second document follows"}
	}
	c := converter{line: 1}
	if len(document.Content) != 1 {
		return nil, &destinations.Mistake{Line: 1, Problem: "the file is empty"}
	}
	if err := c.value(document.Content[0]); err != nil {
		return nil, err
	}
	return c.json.Bytes(), nil
}

// yamlError gets the line from the text of a parser's error. It may be the previous line, or the
// one on which the value began.
func yamlError(err error) (line int, problem string) {
	problem = strings.TrimPrefix(err.Error(), "yaml: ")
	if _, scanErr := fmt.Sscanf(problem, "line %d:", &line); scanErr != nil || line < 1 {
		return 1, problem
	}
	return line, strings.TrimPrefix(problem, fmt.Sprintf("line %d: ", line))
}

type converter struct {
	json bytes.Buffer
	line int
}

// at begins a token of a node on its line.
func (c *converter) at(n *yaml.Node) {
	for c.line < n.Line {
		c.json.WriteByte('\n')
		c.line++
	}
}

func (c *converter) value(n *yaml.Node) error {
	wrong := func(problem string) error { return &destinations.Mistake{Line: n.Line, Problem: problem} }
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return wrong("anchors and aliases are not taken: write the value where it belongs")
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return wrong("tags are not taken")
	}
	c.at(n)
	switch n.Kind {
	case yaml.SequenceNode:
		c.json.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				c.json.WriteByte(',')
			}
			if err := c.value(item); err != nil {
				return err
			}
		}
		c.json.WriteByte(']')
		return nil
	case yaml.MappingNode:
		return c.mapping(n)
	default:
		return c.scalar(n)
	}
}

func (c *converter) mapping(n *yaml.Node) error {
	c.json.WriteByte('{')
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Anchor != "" || key.Tag == "!!merge" {
			return &destinations.Mistake{Line: key.Line, Problem: "this is no plain key"}
		}
		if i > 0 {
			c.json.WriteByte(',')
		}
		c.at(key)
		c.string(key.Value)
		c.json.WriteByte(':')
		if err := c.value(n.Content[i+1]); err != nil {
			return err
		}
	}
	c.json.WriteByte('}')
	return nil
}

func (c *converter) scalar(n *yaml.Node) error {
	switch n.Tag {
	case "!!null":
		c.json.WriteString("null")
	case "!!bool":
		var b bool
		if err := n.Decode(&b); err != nil {
			return &destinations.Mistake{Line: n.Line, Problem: "is neither true nor false"}
		}
		c.json.WriteString(strconv.FormatBool(b))
	case "!!int":
		var i int64
		if err := n.Decode(&i); err != nil {
			return &destinations.Mistake{Line: n.Line, Problem: "is no number that fits"}
		}
		c.json.WriteString(strconv.FormatInt(i, 10))
	default: // text, and what only YAML takes for more: dates, versions such as 1.0
		c.string(n.Value)
	}
	return nil
}

func (c *converter) string(s string) {
	b, _ := json.Marshal(s) // a string always marshals
	c.json.Write(b)
}
