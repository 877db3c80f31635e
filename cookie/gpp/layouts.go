package gpp

// The ids of the sections that need more than a layout.
const (
	idTCF = 2
	idUSP = 6
)

const (
	saleOptOut      = "SaleOptOut"
	sharingOptOut   = "SharingOptOut"
	targetedOptOut  = "TargetedAdvertisingOptOut"
	uspOptOut       = "OptOutSale"
	sensitiveData   = "SensitiveDataProcessing"
	knownChild      = "KnownChildSensitiveDataConsents"
	personalData    = "PersonalDataConsents"
	additionalData  = "AdditionalDataProcessingConsent"
	sensitiveKinds  = 8 // in a subsection of its own
	coreVersion     = "Version"
	agreementNumber = "MspaVersion"
)

var names = map[int]string{
	idTCF: "tcfeuv2", 5: "tcfcav1", idUSP: "uspv1",
	7: "usnat", 8: "usca", 9: "usva", 10: "usco", 11: "usut", 12: "usct", 13: "usfl", 14: "usmt", 15: "usor",
	16: "ustx", 17: "usde", 18: "usia", 19: "usne", 20: "usnh", 21: "usnj", 22: "ustn", 23: "usmn",
	24: "usmd", 25: "usin", 26: "usky", 27: "usri",
}

// A layout describes the core of a section: a version of six bits, then values of two
// bits.
type layout struct {
	version string
	newest  uint // the highest known version; 0: the number is not the layout's version
	fields  []field
	values  int // of all fields
	extra   extra
}

type field struct {
	name string
	n    int // values
}

// extra is the subsection that a section may have beside its core.
type extra uint8

const (
	extraNone extra = iota
	extraGPC
	extraSensitive
)

func newLayout(version string, newest uint, e extra, fields ...field) *layout {
	l := &layout{version: version, newest: newest, fields: fields, extra: e}
	for _, f := range fields {
		l.values += f.n
	}
	return l
}

// find returns the place of a field's first value, and the number of its values, 0 if
// there is no such field.
func (l *layout) find(name string) (at, n int) {
	for _, f := range l.fields {
		if f.name == name {
			return at, f.n
		}
		at += f.n
	}
	return 0, 0
}

// knows reports whether a core of that version has this layout. If the first number is a
// version of the agreement (MSPA), the id of the section in its place means the header
// that the specification asks for.
func (l *layout) knows(version uint, id int) bool {
	if l.newest == 0 {
		return version != uint(id)
	}
	return 1 <= version && version <= l.newest
}

var layoutUSP = newLayout(coreVersion, 1, extraNone, field{"Notice", 1}, field{uspOptOut, 1}, field{"LspaCovered", 1})

// layouts has the layouts by section id; usnat has two, of different lengths.
var layouts = map[int][]*layout{
	7: {national(12, 2), national(16, 3)},
	8: {newLayout(coreVersion, 1, extraGPC,
		field{"SaleOptOutNotice", 1}, field{"SharingOptOutNotice", 1}, field{"SensitiveDataLimitUseNotice", 1},
		field{saleOptOut, 1}, field{sharingOptOut, 1}, field{sensitiveData, 9}, field{knownChild, 2},
		field{personalData, 1}, mspa[0], mspa[1], mspa[2])},
	9:  {state("SharingNotice", "", extraNone, 8, 1, false)},
	10: {state("SharingNotice", "", extraGPC, 7, 1, false)},
	11: {state("SharingNotice", "SensitiveDataProcessingOptOutNotice", extraNone, 8, 1, false)},
	12: {state("SharingNotice", "", extraGPC, 8, 3, false)},
	13: {state("ProcessingNotice", "", extraNone, 8, 3, true)},
	14: {state("SharingNotice", "", extraGPC, 8, 3, true)},
	15: {state("ProcessingNotice", "", extraGPC, 11, 3, true)},
	16: {state("ProcessingNotice", "", extraGPC, 8, 1, true)},
	17: {state("ProcessingNotice", "", extraGPC, 9, 5, true)},
	18: {state("ProcessingNotice", "SensitiveDataOptOutNotice", extraGPC, 8, 1, false)},
	19: {state("ProcessingNotice", "", extraGPC, 8, 1, true)},
	20: {state("ProcessingNotice", "", extraGPC, 8, 3, true)},
	21: {state("ProcessingNotice", "", extraGPC, 10, 5, true)},
	22: {state("ProcessingNotice", "", extraGPC, 8, 1, true)},
	23: {state("ProcessingNotice", "", extraGPC, 8, 1, true)},
	24: {newest(extraGPC, false)},
	25: {newest(extraSensitive, true)},
	26: {newest(extraSensitive, true)},
	27: {newest(extraSensitive, true)},
}

var mspa = [3]field{{"MspaCoveredTransaction", 1}, {"MspaOptOutOptionMode", 1}, {"MspaServiceProviderMode", 1}}

func national(sensitive, children int) *layout {
	return newLayout(coreVersion, 2, extraGPC,
		field{"SharingNotice", 1}, field{"SaleOptOutNotice", 1}, field{"SharingOptOutNotice", 1},
		field{"TargetedAdvertisingOptOutNotice", 1}, field{"SensitiveDataProcessingOptOutNotice", 1},
		field{"SensitiveDataLimitUseNotice", 1}, field{saleOptOut, 1}, field{sharingOptOut, 1}, field{targetedOptOut, 1},
		field{sensitiveData, sensitive}, field{knownChild, children}, field{personalData, 1}, mspa[0], mspa[1], mspa[2])
}

// state is the layout of most states. They differ in the name of the first notice, in a
// notice about sensitive data, in the number of kinds of data, and in a consent to
// processing beyond the purposes.
func state(notice, sensitiveNotice string, e extra, sensitive, children int, additional bool) *layout {
	fields := []field{{notice, 1}, {"SaleOptOutNotice", 1}, {"TargetedAdvertisingOptOutNotice", 1}}
	if sensitiveNotice != "" {
		fields = append(fields, field{sensitiveNotice, 1})
	}
	fields = append(fields, field{saleOptOut, 1}, field{targetedOptOut, 1}, field{sensitiveData, sensitive}, field{knownChild, children})
	if additional {
		fields = append(fields, field{additionalData, 1})
	}
	return newLayout(coreVersion, 1, e, append(fields, mspa[:]...)...)
}

// newest is the layout of the states of 2025.
func newest(e extra, children bool) *layout {
	fields := []field{
		mspa[0], {"MspaMode", 1}, {"ProcessingNotice", 1}, {"SaleOptOutNotice", 1},
		{"TargetedAdvertisingOptOutNotice", 1}, {saleOptOut, 1}, {targetedOptOut, 1},
	}
	if children {
		fields = append(fields, field{knownChild, 1})
	}
	return newLayout(agreementNumber, 0, e, append(fields, field{additionalData, 1})...)
}
