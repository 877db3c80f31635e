package otel

import "go.opentelemetry.io/otel/metric"

// instruments makes them until one is an error.
type instruments struct {
	meter metric.Meter
	made  []metric.Observable
	err   error
}

func (i *instruments) counter(name, unit, description string) (c metric.Int64ObservableCounter) {
	if i.err == nil {
		c, i.err = i.meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(description))
		i.made = append(i.made, c)
	}
	return c
}

func (i *instruments) gauge(name, unit, description string) (g metric.Int64ObservableGauge) {
	if i.err == nil {
		g, i.err = i.meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(description))
		i.made = append(i.made, g)
	}
	return g
}
