package gateway

import (
	"net/http"
	"slices"
	"strings"
)

// handle adds the CORS headers that the API is configured for, and answers a
// preflight request itself, as API Gateway does. It reports whether the request
// is answered.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
func (c *CORS) handle(w http.ResponseWriter, r *http.Request) (answered bool) {
	if c == nil {
		return false
	}
	origin := r.Header.Get("Origin")
	preflight := r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != ""
	if allowed := c.allow(origin); allowed != "" {
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", allowed)
		if c.AllowCredentials {
			header.Set("Access-Control-Allow-Credentials", "true")
		}
		if preflight {
			setList(header, "Access-Control-Allow-Headers", c.AllowHeaders)
			setList(header, "Access-Control-Allow-Methods", c.AllowMethods)
			if c.MaxAge != "" {
				header.Set("Access-Control-Max-Age", c.MaxAge.String())
			}
		} else {
			setList(header, "Access-Control-Expose-Headers", c.ExposeHeaders)
		}
	}
	if preflight {
		w.WriteHeader(http.StatusNoContent)
	}
	return preflight
}

// allow returns what Access-Control-Allow-Origin must say for an origin, or
// nothing if it isn't allowed.
func (c *CORS) allow(origin string) string {
	switch {
	case origin == "":
		return ""
	case slices.Contains(c.AllowOrigins, "*"):
		return "*"
	case slices.ContainsFunc(c.AllowOrigins, func(allowed string) bool { return strings.EqualFold(allowed, origin) }):
		return origin
	default:
		return ""
	}
}

func setList(header http.Header, name string, values []string) {
	if len(values) > 0 {
		header.Set(name, strings.Join(values, ","))
	}
}
