package gateway

import "time"

// limit is a bucket of calls, which fills up at a rate.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
type limit struct {
	settings RouteSettings
	calls    float64 // that are left
	at       time.Time
}

func newLimit(settings RouteSettings, now time.Time) *limit {
	return &limit{settings: settings, calls: settings.ThrottlingBurstLimit, at: now}
}

// within takes a call to a route out of its bucket, or reports that there is none.
func (a *API) within(r route) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.limits[r.key]
	if l == nil {
		return true
	}
	now := a.options.Now()
	l.calls = min(l.settings.ThrottlingBurstLimit, l.calls+max(0, now.Sub(l.at).Seconds())*l.settings.ThrottlingRateLimit)
	l.at = now
	if l.calls < 1 {
		return false
	}
	l.calls--
	return true
}
