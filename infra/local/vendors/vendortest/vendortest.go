// Package vendortest sends the requests of tests, to stand-ins for vendors'
// services and to what such services call.
package vendortest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Send sends a request as change leaves it, and returns what was answered.
func Send(t testing.TB, method, url, body string, change func(*http.Request)) (status int, header http.Header, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	change(r)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answered, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(answered)
}
