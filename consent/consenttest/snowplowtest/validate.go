package snowplowtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// What the protocol knows. A parameter that it does not know fails.
var (
	parameters = strings.Fields(`tna aid p dtm tz e tid eid tv duid nuid uid vid ip res url page refr fp ctype cookie lang
		f_pdf f_qt f_realp f_wma f_dir f_fla f_java f_gears f_ag cd ds cs vp mac pp_mix pp_max pp_miy pp_may
		ad_ba ad_ca ad_ad ad_uid tr_id tr_af tr_tt tr_tx tr_sh tr_ci tr_st tr_co tr_cu ti_id ti_sk ti_nm ti_na ti_ca ti_pr
		ti_qu ti_cu sa sn st sp se_ca se_ac se_la se_pr se_va ue_na ue_pr ue_px co cx ua tnuid stm sid ttm`)
	kinds     = strings.Fields("pv pp se ue tr ti ad")
	platforms = strings.Fields("web iot app mob pc srv tv cnsl headset")
	limits    = map[string]int{ // in UTF-16 units
		"aid": 255, "tna": 128, "tv": 100, "uid": 255, "duid": 128, "nuid": 128, "tnuid": 128, "sid": 128, "ip": 128,
		"url": 4096, "page": 2000, "refr": 4096, "ua": 1000, "lang": 255, "tz": 255,
		"se_ca": 1000, "se_ac": 1000, "se_la": 4096, "se_pr": 1000,
	}
)

// validate returns the event of the fields, or why it fails.
func (p Pipeline) validate(fields map[string]string) (e Event, why string) {
	if why = p.protocol(fields); why != "" {
		return e, why
	}
	e = Event{ID: fields["eid"], Type: fields["e"], UserID: fields["uid"], DomainUser: fields["duid"], Fields: fields}
	if e.Type == "ue" {
		data, why := envelope(fields, "ue_pr", "ue_px", schemaUnstruct)
		if why != "" {
			return e, why
		}
		var inner selfDescribing
		if why = p.describes(data, &inner); why != "" {
			return e, why
		}
		e.Schema, e.Data = inner.Schema, inner.Data
	}
	if fields["co"] == "" && fields["cx"] == "" {
		return e, ""
	}
	data, why := envelope(fields, "co", "cx", schemaContexts)
	if why != "" {
		return e, why
	}
	var entities []json.RawMessage
	if json.Unmarshal(data, &entities) != nil {
		return e, "the context is no array"
	}
	for _, text := range entities {
		var entity selfDescribing
		if why = p.describes(text, &entity); why != "" {
			return e, why
		}
		e.Entities = append(e.Entities, Entity{entity.Schema, entity.Data})
	}
	return e, ""
}

// protocol checks the parameters.
func (p Pipeline) protocol(fields map[string]string) (why string) {
	for name, value := range fields {
		if !slices.Contains(parameters, name) {
			return fmt.Sprintf("the protocol has no parameter %q", name)
		}
		if limit := limits[name]; limit > 0 && len(utf16.Encode([]rune(value))) > limit {
			return fmt.Sprintf("%s has more than %d characters", name, limit)
		}
	}
	for _, name := range []string{"dtm", "stm", "ttm"} {
		if text, ok := fields[name]; ok {
			if _, err := strconv.ParseInt(text, 10, 64); err != nil {
				return name + " is no timestamp in milliseconds"
			}
		}
	}
	switch {
	case fields["tv"] == "":
		return "tv is missing"
	case !slices.Contains(kinds, fields["e"]):
		return "e is no type of event"
	case !slices.Contains(platforms, fields["p"]):
		return "p is no platform"
	case fields["eid"] != "" && !isUUID(fields["eid"]):
		return "eid is no UUID"
	}
	return ""
}

// envelope returns the data of the parameter, of which one name is for JSON and one for
// base64.
func envelope(fields map[string]string, plain, encoded, schema string) (data json.RawMessage, why string) {
	text := []byte(fields[plain])
	if fields[encoded] != "" {
		alphabet := base64.RawStdEncoding
		if strings.ContainsAny(fields[encoded], "-_") {
			alphabet = base64.RawURLEncoding
		}
		var err error
		if text, err = alphabet.DecodeString(strings.TrimRight(fields[encoded], "=")); err != nil {
			return nil, encoded + " is not base64"
		}
	}
	var outer selfDescribing
	if json.Unmarshal(text, &outer) != nil || !strings.HasPrefix(outer.Schema, schema) || len(outer.Data) == 0 {
		return nil, plain + " or " + encoded + " is missing, or no self-describing JSON of its schema"
	}
	return outer.Data, ""
}

// describes reads a self-describing JSON and validates its data.
func (p Pipeline) describes(text []byte, into *selfDescribing) (why string) {
	if json.Unmarshal(text, into) != nil || !strings.HasPrefix(into.Schema, "iglu:") || len(into.Data) == 0 {
		return "an event or an entity is no self-describing JSON"
	}
	if p.Validate == nil {
		return ""
	}
	if err := p.Validate(into.Schema, into.Data); err != nil {
		return fmt.Sprintf("%s: %v", into.Schema, err)
	}
	return ""
}

func isUUID(text string) bool {
	parts := strings.Split(text, "-")
	if len(parts) != 5 {
		return false
	}
	for i, n := range []int{8, 4, 4, 4, 12} {
		if len(parts[i]) != n || strings.Trim(parts[i], "0123456789abcdefABCDEF") != "" {
			return false
		}
	}
	return true
}
