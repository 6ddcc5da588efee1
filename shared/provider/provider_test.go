package provider_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/trigger"
)

// Nothing of these may stand in an error.
const (
	apiKey  = "key-4711"
	posted  = "posted-4712"
	replied = "replied-4713"
)

func keySecret(context.Context) (secret.Text, error) { return secret.NewText(apiKey), nil }

func newClient(t *testing.T, baseURL string, transport http.RoundTripper) *provider.Client {
	t.Helper()
	client, err := provider.New(provider.Service{
		Name: "Vendor", BaseURL: baseURL, Transport: transport,
		Authorization: provider.Authorization{Header: "Authorization", Scheme: "Bearer", Secret: keySecret},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// serving returns a client of a server, and how many requests the server got.
func serving(t *testing.T, handle http.HandlerFunc) (*provider.Client, *atomic.Int32) {
	t.Helper()
	asked := new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	return newClient(t, server.URL+"/v1/", nil), asked
}

var request = provider.Request{
	Operation: "asking", Method: http.MethodPost, Path: []string{"users", posted}, Body: map[string]string{"nonce": posted},
}

func wantUnavailable(t *testing.T, err error, reason string) {
	t.Helper()
	if !errors.Is(err, provider.ErrUnavailable) || !strings.Contains(err.Error(), reason) || !strings.HasPrefix(err.Error(), "Vendor: asking: ") {
		t.Errorf("error is %v, want the service's with %q", err, reason)
		return
	}
	for _, leak := range []string{apiKey, posted, replied, "http://"} {
		if strings.Contains(err.Error(), leak) {
			t.Errorf("the error tells %q: %v", leak, err)
		}
	}
}

func reply(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func TestDoAsksAndDecodes(t *testing.T) {
	client, _ := serving(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		reply(w, http.StatusNotFound, "application/problem+json; charset=utf-8", fmt.Sprintf("%q", strings.Join([]string{
			r.Method, r.RequestURI, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), string(body),
		}, " ")))
	})
	r, err := client.Do(t.Context(), provider.Request{
		Operation: "asking", Method: http.MethodPost, Path: []string{"users", "a/../b?c"}, Query: url.Values{"q": {"d&e"}},
		Body: map[string]string{"nonce": "n"},
	})
	var got string
	if err != nil || r.Status != http.StatusNotFound || r.OK() || r.Decode(&got) != nil {
		t.Fatalf("reply %+v, error %v", r, err)
	}
	if want := `POST /v1/users/a%2F..%2Fb%3Fc?q=d%26e Bearer key-4711 application/json {"nonce":"n"}`; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	wantUnavailable(t, r.Decode(new(int)), "another form")
	wantUnavailable(t, r.Unexpected(), "status 404")
}

func TestDoTakesAnEmptyReply(t *testing.T) {
	client, _ := serving(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	r, err := client.Do(t.Context(), request)
	if err != nil || !r.OK() {
		t.Errorf("reply %+v, error %v", r, err)
	}
	wantUnavailable(t, r.Decode(new(any)), "another form")
}

func TestFaultsOfTheService(t *testing.T) {
	for _, c := range []struct {
		name   string
		handle http.HandlerFunc
		reason string
	}{
		{"rejects a server error", func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusBadGateway, "application/json", `"`+replied+`"`)
		}, "status 502"},
		{"rejects a throttle", func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusTooManyRequests, "application/json", "{}")
		}, "status 429"},
		{"rejects a redirect", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/"+replied)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, "status 307"},
		{"rejects HTML", func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusOK, "text/html", "{}")
		}, "status 200 with a body that is not JSON"},
		{"rejects JSON without a content type", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			_, _ = io.WriteString(w, "{}")
		}, "status 200 with a body that is not JSON"},
		{"rejects what only claims to be JSON", func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusUnauthorized, "application/json", "<html>"+replied)
		}, "status 401 with a body that is not JSON"},
		{"rejects a member that is named twice", func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusOK, "application/json", `{"user":"ann","user":"`+replied+`"}`)
		}, "status 200 with a body that is not JSON"},
		{"rejects a huge body", func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusOK, "application/json", `"`+strings.Repeat("x", provider.MaxReply)+`"`)
		}, "more than 65536 bytes"},
		{"rejects a body that breaks off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			reply(w, http.StatusOK, "application/json", `"`+replied)
		}, "connection broken"},
		{"rejects what is no HTTP", func(w http.ResponseWriter, _ *http.Request) { hijack(w, replied+"\r\n\r\n") }, "connection broken"},
		{"rejects a connection that breaks", func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") }, "connection broken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, asked := serving(t, c.handle)
			_, err := client.Do(t.Context(), request)
			wantUnavailable(t, err, c.reason)
			if asked.Load() != 1 {
				t.Errorf("asked %d times: the service may have acted on the first", asked.Load())
			}
		})
	}
}

// hijack writes raw bytes to the connection and closes it.
func hijack(w http.ResponseWriter, text string) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(connection, text)
	_ = connection.Close()
}

func TestRepeatableRequestIsSentAgain(t *testing.T) {
	var broken atomic.Bool
	client, asked := serving(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if broken.CompareAndSwap(false, true) {
			hijack(w, "")
			return
		}
		reply(w, http.StatusOK, "application/json", string(body))
	})
	repeatable := request
	repeatable.Repeatable = true
	r, err := client.Do(t.Context(), repeatable)
	var got map[string]string
	if err != nil || r.Decode(&got) != nil || got["nonce"] != posted || asked.Load() != 2 {
		t.Errorf("after %d requests: %v, error %v", asked.Load(), got, err)
	}
}

// dialer fails to connect as often as it is told.
type dialer struct{ failures, dialled atomic.Int32 }

func (d *dialer) transport() *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		d.dialled.Add(1)
		if d.failures.Add(-1) >= 0 {
			return nil, &net.OpError{Op: "dial", Err: errors.New("refused " + replied)}
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
}

func TestConnectionIsTriedTwice(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, "application/json", "{}") }))
	t.Cleanup(server.Close)
	for failures, fails := range map[int32]bool{0: false, 1: false, 2: true} {
		d := new(dialer)
		d.failures.Store(failures)
		transport := d.transport()
		t.Cleanup(transport.CloseIdleConnections)
		_, err := newClient(t, server.URL, transport).Do(t.Context(), request)
		if fails {
			wantUnavailable(t, err, "connection failed: dial")
		} else if err != nil {
			t.Errorf("after %d failures: %v", failures, err)
		}
		if n := d.dialled.Load(); n != min(failures+1, 2) {
			t.Errorf("with %d failures: %d connections tried", failures, n)
		}
	}
}

func TestUntrustedCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	_, err := newClient(t, server.URL, nil).Do(t.Context(), request)
	wantUnavailable(t, err, "certificate")
}

func TestMissingSecretIsNoFaultOfTheService(t *testing.T) {
	missing := errors.New("parameter /stack/vendor")
	client, err := provider.New(provider.Service{Name: "Vendor", BaseURL: "https://vendor.example", Authorization: provider.Authorization{
		Header: "Authorization", Secret: func(context.Context) (secret.Text, error) { return secret.Text{}, missing },
	}})
	if err != nil {
		t.Fatal(err)
	}
	for range provider.FaultsToOpen + 1 {
		if _, err := client.Do(t.Context(), request); !errors.Is(err, missing) || errors.Is(err, provider.ErrUnavailable) {
			t.Errorf("error is %v, want %v", err, missing)
		}
	}
}

func TestPathStaysBelowTheBase(t *testing.T) {
	client, asked := serving(t, func(http.ResponseWriter, *http.Request) {})
	for _, segment := range []string{"", ".", ".."} {
		if _, err := client.Do(t.Context(), provider.Request{Operation: "asking", Method: http.MethodGet, Path: []string{segment}}); err == nil {
			t.Errorf("segment %q was taken", segment)
		}
	}
	if asked.Load() != 0 {
		t.Error("the service was asked")
	}
}

func TestBaseURL(t *testing.T) {
	for _, base := range []string{"https://vendor.example", "https://vendor.example/v1", "http://127.0.0.1:1", "http://[::1]:1/v1/"} {
		if _, err := provider.New(provider.Service{Name: "Vendor", BaseURL: base}); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
	for name, base := range map[string]string{
		"rejects none": "", "rejects http": "http://vendor.example", "rejects a name for loopback": "http://localhost",
		"rejects a user": "https://user@vendor.example", "rejects a query": "https://vendor.example?q=1",
		"rejects a fragment": "https://vendor.example#f", "rejects no host": "https:///v1", "rejects another scheme": "ftp://vendor.example",
		"rejects what is no URL": "https://[",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := provider.New(provider.Service{Name: "Vendor", BaseURL: base}); err == nil || !strings.Contains(err.Error(), "Vendor") {
				t.Errorf("error is %v, want one that names the service", err)
			}
		})
	}
}

// silent is the status of a service that never answers.
const silent = 0

// service answers with one status, in the time of the test.
type service struct{ status, asked atomic.Int32 }

func newService(status int32) *service {
	s := new(service)
	s.status.Store(status)
	return s
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked.Add(1)
	status := int(s.status.Load())
	if status == silent {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}, nil
}

// A service that says nothing costs its time and leaves a trigger some of its own.
func TestSilentService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(silent)
		client, started := newClient(t, "https://vendor.example", s), time.Now()
		_, err := client.Do(t.Context(), request)
		wantUnavailable(t, err, "no answer in time")
		if took := time.Since(started); took != provider.Timeout || took >= trigger.Budget || s.asked.Load() != 1 {
			t.Errorf("gave up after %s and %d requests", took, s.asked.Load())
		}
	})
}

// Two connections that can't be made leave time for an answer.
func TestConnectionsFitIntoTheTimeout(t *testing.T) {
	if 2*provider.ConnectTimeout >= provider.Timeout {
		t.Errorf("two connections may take %s of %s", 2*provider.ConnectTimeout, provider.Timeout)
	}
}

func TestCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(http.StatusServiceUnavailable)
		client := newClient(t, "https://vendor.example", s)
		for range provider.FaultsToOpen {
			_, err := client.Do(t.Context(), request)
			wantUnavailable(t, err, "status 503")
		}
		_, err := client.Do(t.Context(), request)
		wantUnavailable(t, err, "not asked, after 3 faults in a row")
		time.Sleep(provider.OpenFor + 1)
		_, err = client.Do(t.Context(), request)
		wantUnavailable(t, err, "status 503")
		_, err = client.Do(t.Context(), request)
		wantUnavailable(t, err, "not asked")
		if n := s.asked.Load(); n != provider.FaultsToOpen+1 {
			t.Errorf("asked %d times", n)
		}
		s.status.Store(http.StatusUnauthorized) // an answer, if no pleasant one
		time.Sleep(provider.OpenFor + 1)
		for range 2 * provider.FaultsToOpen {
			if _, err := client.Do(t.Context(), request); err != nil {
				t.Errorf("back again: %v", err)
			}
		}
	})
}

// While one call finds out whether the service is back, others don't wait for it.
func TestHalfOpenCircuitLetsOneCallThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(http.StatusServiceUnavailable)
		client := newClient(t, "https://vendor.example", s)
		for range provider.FaultsToOpen {
			_, _ = client.Do(t.Context(), request)
		}
		time.Sleep(provider.OpenFor + 1)
		s.status.Store(silent)
		s.asked.Store(0)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { _, _ = client.Do(t.Context(), request) })
		}
		all.Wait()
		if n := s.asked.Load(); n != 1 {
			t.Errorf("asked %d times, want 1", n)
		}
	})
}

// Anybody can write an answer at which the firewall before a service balks.
func TestRefusalsOpenNoCircuit(t *testing.T) {
	var blocked atomic.Bool
	client, _ := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		if blocked.Load() {
			reply(w, http.StatusForbidden, "text/html", replied+strings.Repeat(" ", provider.MaxReply))
		} else {
			reply(w, http.StatusOK, "application/json", "{}")
		}
	})
	blocked.Store(true)
	for range 2 * provider.FaultsToOpen {
		_, err := client.Do(t.Context(), request)
		wantUnavailable(t, err, "status 403")
	}
	blocked.Store(false)
	if _, err := client.Do(t.Context(), request); err != nil {
		t.Errorf("everybody else: %v", err)
	}
}

// Callers who leave say nothing about the service.
func TestCanceledCallsOpenNoCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(silent)
		client := newClient(t, "https://vendor.example", s)
		for range 2 * provider.FaultsToOpen {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			_, err := client.Do(ctx, request)
			wantUnavailable(t, err, context.Canceled.Error())
		}
		s.status.Store(http.StatusOK)
		if _, err := client.Do(t.Context(), request); err != nil {
			t.Error(err)
		}
	})
}
