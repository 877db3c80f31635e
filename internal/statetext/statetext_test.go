package statetext

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestList(t *testing.T) {
	type entry struct {
		name   string
		answer Answer
	}
	for _, test := range []struct {
		rule    string
		entries []entry
		want    string
	}{
		{"empty", nil, ""},
		{"in order", []entry{{"a", Granted}, {"b", Denied}, {"c", Presumed}}, "+a,-b,~c"},
		{"out of order", []entry{{"b", Denied}, {"c", Presumed}, {"a", Granted}}, "+a,-b,~c"},
		{"the order is that of bytes, not of escapes", []entry{{"é", Granted}, {"~", Granted}, {"!", Denied}, {" ", Denied}}, "-%20,-!,+~,+%C3%A9"},
		{"an unknown answer is left out", []entry{{"a", Unknown}, {"b", Denied}}, "-b"},
		{"nothing but unknown answers", []entry{{"a", Unknown}, {"a", Unknown}}, ""},
		{"twice", []entry{{"a", Denied}, {"a", Granted}}, "+a"},
		{"twice, and then unknown", []entry{{"a", Denied}, {"b", Granted}, {"a", Unknown}}, "+b"},
		{"three times", []entry{{"a", Unknown}, {"a", Granted}, {"b", Granted}, {"a", Denied}}, "-a,+b"},
		{"a name with U+FFFD, of which the strictest counts", []entry{{"a\uFFFD", Denied}, {"a\uFFFD", Granted}, {"b\uFFFD", Granted}, {"b\uFFFD", Granted}, {"b\uFFFD", Unknown}}, "-a%EF%BF%BD"},
		{"granted with U+FFFD, where all are", []entry{{"\uFFFD", Granted}, {"\uFFFD", Presumed}, {"\uFFFD", Granted}}, "+%EF%BF%BD"},
		{"an empty name", []entry{{"a", Granted}, {"", Denied}}, "-,+a"},
		{"two empty names", []entry{{"", Granted}, {"", Denied}}, "-"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			for _, space := range [][]byte{nil, make([]byte, 3), make([]byte, 100)} {
				list := List(space[:0])
				for _, e := range test.entries {
					list = list.End(AppendName(list.Begin(), e.name), e.answer)
				}
				section := string(list.Section())
				require.Equal(t, test.want, section)
				require.Empty(t, Check(Append(nil, Unknown, true, section, section)))
			}
		})
	}
}

func TestTextIsReadAsItWasWritten(t *testing.T) {
	for rest := Unknown; rest <= Presumed; rest++ {
		for _, asked := range []bool{false, true} {
			text := string(Append(nil, rest, asked, "+a,-b", "~A"))
			require.Empty(t, Check([]byte(text)))
			gotRest, gotAsked := Head(text)
			require.Equal(t, rest, gotRest)
			require.Equal(t, asked, gotAsked)
			categories, destinations := Sections(text)
			require.Equal(t, map[string]Answer{"a": Granted, "b": Denied}, maps.Collect(Entries(categories)))
			require.Equal(t, map[string]Answer{"A": Presumed}, maps.Collect(Entries(destinations)))
			require.Equal(t, Denied, Lookup(categories, "b", Granted))
			require.Equal(t, rest, Lookup(categories, "A", rest))
			require.True(t, MayHold(text, Presumed))
		}
	}
	require.False(t, MayHold("1.?;+a;", Denied))
	for name := range Entries("+a,-b") {
		require.Equal(t, "a", name)
		break
	}
}

func TestMerge(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"", "", ""},
		{"+a", "", "+a"},
		{"", "-b", "-b"},
		{"+a,-c", "-b,+d", "+a,-b,-c,+d"},
		{"+a,+b,+c", "-b", "+a,-b,+c"},
		{"-%20,+~", "+!,~%C3%A9", "-%20,+!,+~,~%C3%A9"},
	} {
		got := Merge(nil, test.a, test.b, func(a, b Answer) Answer {
			if b != Unknown {
				return b
			}
			return a
		})
		require.Equal(t, test.want, string(got))
	}
	none := func(a, b Answer) Answer { return Unknown }
	require.Empty(t, Merge(nil, "+a,-b", "+b,+c", none))
}

// Whatever parses is written as the same text again. A list of its names with their answers, in
// any order, gives the same section.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{
		"1.?*;+analytics,-advertising;+Amplitude,-Google%20Analytics", "1.-;;", "1.+;~a;", "1.?;+b,+a;", "1.?;+a,+a;", "1.?;a;", "1.?;+a;+a;",
		"1.;;", "1.?**;;", "", "2.?;;", "1", ".", "1.?;+a,;", "1.?;+%41;", "1.?;+%c3;", "1.?;+,-a;", "1.?;?a;", "1.?*", "1.?;",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if Check([]byte(text)) != "" {
			return
		}
		rest, asked := Head(text)
		sections := make([]string, 0, 2)
		categories, destinations := Sections(text)
		for _, section := range []string{categories, destinations} {
			answers := maps.Collect(Entries(section))
			var list List
			for _, name := range slices.Backward(slices.Sorted(maps.Keys(answers))) {
				list = list.End(AppendName(list.Begin(), name), answers[name])
			}
			sections = append(sections, string(list.Section()))
			require.Equal(t, section, string(Merge(nil, section, section, func(a, _ Answer) Answer { return a })))
		}
		require.Equal(t, text, string(Append(nil, rest, asked, sections[0], sections[1])))
		require.False(t, strings.ContainsAny(text, "\"\\ \n"))
	})
}
