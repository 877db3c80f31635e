package destinations

import "regexp"

// The form of the file. register.schema.json says the same, and a test compares the two.

var (
	countryPattern     = regexp.MustCompile(`^[A-Z]{2}$`)
	fingerprintPattern = regexp.MustCompile(`^[0-9a-f]{16}$`)
)

const (
	maxDestinations = 1000
	maxApprovals    = 10000
	maxCategories   = 5 // of one destination: its decisions are tabulated for every answer
)

func (f *form) register(r *Register) set {
	var ignored string
	return f.object(map[string]set{
		"$schema":          f.text(&ignored),
		"version!":         f.one,
		"controller!":      f.party(&r.Controller),
		"jointControllers": appended(f, maxList, &r.JointControllers, f.party),
		"representative":   f.party(&r.Representative),
		"dpo":              f.party(&r.DPO),
		"notice": f.object(map[string]set{
			"url":     f.text(&r.Notice.URL),
			"version": f.name(&r.Notice.Version),
		}),
		"security":       f.text(&r.Security),
		"consentRecords": f.text(&r.ConsentRecords),
		"segment":        f.router(&r.Segment),
		"categories!":    appended(f, maxList, &r.Categories, f.category),
		"regimes":        appended(f, maxList, &r.Regimes, f.regime),
		"optOut":         f.flag(&r.OptOut),
		"imply":          f.flag(&r.Imply),
		"allowUnlisted":  f.flag(&r.AllowUnlisted),
		"destinations!":  f.notEmpty(appended(f, maxDestinations, &r.Destinations, f.entry)),
		"approvals":      appended(f, maxApprovals, &r.Approvals, f.approval),
	})
}

// appended reads a list of objects.
func appended[T any](f *form, limit int, into *[]T, read func(*T) set) set {
	return f.list(limit, func() set {
		return func(n node, key string) {
			var item T
			read(&item)(n, key)
			*into = append(*into, item)
		}
	})
}

// notEmpty refuses an empty list: a Config without destinations decides by the names in the
// visitor's cookie.
func (f *form) notEmpty(read set) set {
	return func(n node, key string) {
		if items, ok := n.value.([]node); ok && len(items) == 0 {
			f.wrong(n, key, "is empty")
		}
		read(n, key)
	}
}

func (f *form) party(p *Party) set {
	return f.object(map[string]set{
		"name!": f.text(&p.Name), "address": f.text(&p.Address), "contact": f.text(&p.Contact),
	})
}

func (f *form) router(r *Router) set {
	return f.object(map[string]set{
		"vendor!":   f.vendor(&r.Vendor),
		"region":    f.text(&r.Region),
		"transfers": appended(f, maxList, &r.Transfers, f.transfer),
		"retention": f.text(&r.Retention),
		"security":  f.text(&r.Security),
		"dpa":       f.text(&r.DPA),
		"cookies":   appended(f, maxList, &r.Cookies, f.cookie),
	})
}

func (f *form) category(c *Category) set {
	return f.object(map[string]set{
		"name!":         f.name(&c.Name),
		"purpose":       f.text(&c.Purpose),
		"advertising":   f.flag(&c.Advertising),
		"noticeVersion": f.name(&c.NoticeVersion),
	})
}

func (f *form) regime(r *Regime) set {
	return f.object(map[string]set{
		"name!": f.name(&r.Name), "law": f.text(&r.Law), "presumed": f.names(&r.Presumed),
	})
}

func (f *form) approval(a *Approval) set {
	return f.object(map[string]set{
		"destination": f.name(&a.Destination),
		"opens!":      f.matching(&a.Opens, fingerprintPattern, "a fingerprint of 16 hexadecimal digits"),
		"by!":         f.name(&a.By),
		"on!":         f.date(&a.On),
		"why":         f.text(&a.Why),
	})
}

func (f *form) vendor(v *Vendor) set {
	return f.object(map[string]set{
		"name!":   f.text(&v.Name),
		"role!":   oneOf(f, &v.Role, RoleProcessor, RoleJointController, RoleController),
		"address": f.text(&v.Address),
		"contact": f.text(&v.Contact),
	})
}

func (f *form) transfer(t *Transfer) set {
	return f.object(map[string]set{
		"country!":   f.matching(&t.Country, countryPattern, "the two capital letters of a country"),
		"safeguard!": f.text(&t.Safeguard),
	})
}

func (f *form) cookie(c *Cookie) set {
	return f.object(map[string]set{
		"name!": f.name(&c.Name), "purpose!": f.text(&c.Purpose), "duration!": f.text(&c.Duration),
	})
}

func (f *form) entry(e *Entry) set {
	fields := f.object(map[string]set{
		"name!":              f.name(&e.Name),
		"creationName":       f.name(&e.CreationName),
		"aliases":            f.names(&e.Aliases),
		"previousNames":      f.names(&e.PreviousNames),
		"catalogue":          f.name(&e.Catalogue),
		"vendor":             f.vendor(&e.Vendor),
		"purposes":           f.texts(&e.Purposes),
		"categories":         f.strings(&e.Categories, f.name),
		"serverOnly":         f.flag(&e.ServerOnly),
		"basis":              f.basis(&e.Basis),
		"overrides":          appended(f, maxList, &e.Overrides, f.override),
		"persons":            f.texts(&e.Persons),
		"data":               f.texts(&e.Data),
		"sensitiveData":      f.texts(&e.SensitiveData),
		"source":             f.text(&e.Source),
		"recipients":         f.texts(&e.Recipients),
		"region":             f.text(&e.Region),
		"transfers":          appended(f, maxList, &e.Transfers, f.transfer),
		"retention":          f.text(&e.Retention),
		"security":           f.text(&e.Security),
		"cookies":            appended(f, maxList, &e.Cookies, f.cookie),
		"audiences":          f.flag(&e.Audiences),
		"automatedDecisions": f.flag(&e.AutomatedDecisions),
		"dpa":                f.text(&e.DPA),
		"dpia":               f.text(&e.DPIA),
		"owner":              f.name(&e.Owner),
		"reviewer":           f.name(&e.Reviewer),
		"reviewed":           f.date(&e.Reviewed),
		"nextReview":         f.date(&e.NextReview),
	})
	return func(n node, key string) {
		before := len(f.mistakes)
		fields(n, key)
		switch necessary := e.Basis.Kind == BasisStrictlyNecessary; {
		case len(f.mistakes) > before:
		case necessary && len(e.Categories) > 0:
			f.wrong(n, key, "is strictly necessary and in a category; it is decided by one or the other")
		case !necessary && len(e.Categories) == 0:
			f.wrong(n, key, "is in no category and not strictly necessary, so that no answer decides it")
		case len(e.Categories) > maxCategories:
			f.wrong(n, key, "is in %d categories, the limit is %d", len(e.Categories), maxCategories)
		}
	}
}

func (f *form) basis(b *Basis) set {
	fields := f.object(map[string]set{
		"kind!":      oneOf(f, &b.Kind, BasisConsent, BasisStrictlyNecessary, BasisLegitimateInterest, BasisContract, BasisLegalObligation, BasisOptOut),
		"reason":     f.text(&b.Reason),
		"assessment": f.text(&b.Assessment),
	})
	return func(n node, key string) {
		fields(n, key)
		switch {
		case b.Kind == BasisStrictlyNecessary && !n.has("reason"):
			f.wrong(n, key, "what is strictly necessary needs its reason")
		case b.Kind == BasisLegitimateInterest && !n.has("assessment"):
			f.wrong(n, key, "a legitimate interest needs its assessment")
		}
	}
}

func (f *form) override(o *Override) set {
	return f.object(map[string]set{"regime!": f.name(&o.Regime), "basis!": f.basis(&o.Basis)})
}
