package gateway

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Parts of route keys.
const (
	defaultRoute = "$default"
	anyMethod    = "ANY"
)

// route is one route of an API.
type route struct {
	key         string // as the template has it
	method      string // of the request, or anyMethod
	path        string
	segments    []string
	integration integration
	authorizer  *authorizer // nil if anyone may call
	scopes      []string    // one of them is required, if there are any
}

// parseRouteKey reads "METHOD /path/{parameter}/{greedy+}" or "$default".
func parseRouteKey(key string) (route, error) {
	if key == defaultRoute {
		return route{key: key}, nil
	}
	method, path, ok := strings.Cut(key, " ")
	if !ok || !strings.HasPrefix(path, "/") {
		return route{}, fmt.Errorf("route key %q: want a method and a path, or %s", key, defaultRoute)
	}
	return route{key: key, method: method, path: path, segments: strings.Split(path[1:], "/")}, nil
}

// match finds the route that fits best, as API Gateway does: a full match before
// one with a parameter, that before a greedy one, a method of its own before
// ANY, and $default last.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
func (a *API) match(r *http.Request) (best route, parameters map[string]string, ok bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if !a.staged {
		return route{}, nil, false
	}
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	bestRank := ""
	for _, candidate := range a.routes {
		rank, found, fits := candidate.fit(r.Method, segments)
		if fits && rank > bestRank {
			best, bestRank, parameters, ok = candidate, rank, found, true
		}
	}
	return best, parameters, ok
}

// Ranks of a path segment's match, worst first; they sort as text.
const (
	rankDefault   = "0"
	rankGreedy    = "1"
	rankParameter = "2"
	rankLiteral   = "3"
	rankAnyMethod = "0"
	rankOwnMethod = "1"
)

// fit reports whether a request fits the route, how well, and the values of the
// path's parameters.
func (r route) fit(method string, segments []string) (rank string, parameters map[string]string, ok bool) {
	if r.key == defaultRoute {
		return rankDefault, nil, true
	}
	methodRank := rankOwnMethod
	if r.method == anyMethod {
		methodRank = rankAnyMethod
	} else if r.method != method {
		return "", nil, false
	}
	parameters = map[string]string{}
	for i, segment := range r.segments {
		name, isParameter := parameterName(segment)
		if greedy, isGreedy := strings.CutSuffix(name, "+"); isGreedy && i < len(segments) {
			parameters[greedy] = unescape(strings.Join(segments[i:], "/"))
			return rank + rankGreedy + methodRank, parameters, true
		}
		if i >= len(segments) {
			return "", nil, false
		}
		switch {
		case isParameter && segments[i] != "":
			parameters[name] = unescape(segments[i])
			rank += rankParameter
		case segment == segments[i]:
			rank += rankLiteral
		default:
			return "", nil, false
		}
	}
	return rank + methodRank, parameters, len(segments) == len(r.segments)
}

func parameterName(segment string) (name string, ok bool) {
	name, opened := strings.CutPrefix(segment, "{")
	name, closed := strings.CutSuffix(name, "}")
	return name, opened && closed
}

// unescape decodes percent-encoding; text that net/http has accepted decodes.
func unescape(text string) string {
	decoded, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return decoded
}
