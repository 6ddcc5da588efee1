// Package userpooltest asks user pools on this machine as programs do, by the
// AWS SDK.
package userpooltest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// ClientAt returns a client of the pool that is served at an endpoint.
func ClientAt(endpoint string) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.New(options(endpoint))
}

// ClientOf returns a client that needs no network, so that the time of a synctest
// bubble can pass.
func ClientOf(pool http.Handler) *cognitoidentityprovider.Client {
	o := options("http://localhost")
	o.HTTPClient = direct{pool}
	return cognitoidentityprovider.New(o)
}

// options try once: what fails is what a test is to see.
func options(endpoint string) cognitoidentityprovider.Options {
	return cognitoidentityprovider.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "example"}, nil // a local pool can't check signatures
		}),
	}
}

// direct sends requests to a handler.
type direct struct{ http.Handler }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	served := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), bytes.NewReader(body))
	served.Header = r.Header
	w := httptest.NewRecorder()
	d.ServeHTTP(w, served)
	return w.Result(), nil
}
