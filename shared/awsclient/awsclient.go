// Package awsclient configures the AWS SDK inside Lambda from plain environment
// variables. The SDK's own config package would read files and probe for
// credential sources that Lambda doesn't have, at about 7 ms and 1.8 MB a function.
package awsclient

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// What a call may take, at most Attempts × AttemptTimeout and the waits between.
// Cognito gives a trigger 5 s for all of its calls.
const (
	AttemptTimeout = 500 * time.Millisecond
	Attempts       = 3
	MaxBackoff     = 200 * time.Millisecond // before an attempt
)

// Config returns the SDK configuration of one service. endpoint is empty in AWS;
// anything but a loopback literal is refused, so that no setting can send
// credentials or secrets to another host.
func Config(env settings.AWS, endpoint string) (aws.Config, error) {
	cfg := aws.Config{
		Region: env.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID:     env.AccessKeyID,
				SecretAccessKey: env.SecretAccessKey,
				SessionToken:    env.SessionToken,
			}, nil
		}),
		HTTPClient: client(AttemptTimeout),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = Attempts
				o.Backoff = retry.BackoffDelayerFunc(backoff)
				o.RateLimiter = ratelimit.None
			})
		},
	}
	if endpoint == "" {
		return cfg, nil
	}
	if err := CheckLoopback(endpoint); err != nil {
		return aws.Config{}, err
	}
	cfg.BaseEndpoint = aws.String(endpoint)
	return cfg, nil
}

func client(timeout time.Duration) aws.HTTPClient {
	return awshttp.NewBuildableClient().WithTimeout(timeout)
}

// Once makes a configuration try each call once and wait for it so long: for a
// call whose effect would otherwise come twice when a reply is late.
func Once(cfg aws.Config, timeout time.Duration) aws.Config {
	cfg.HTTPClient, cfg.Retryer = client(timeout), func() aws.Retryer { return aws.NopRetryer{} }
	return cfg
}

// backoff is random, so that functions that failed together don't come back
// together. The SDK's own starts at a second, and cut to less it is constant.
func backoff(int, error) (time.Duration, error) { return rand.N(MaxBackoff), nil }

// CheckLoopback refuses an endpoint that is not a loopback literal, such as
// http://127.0.0.1:8000.
func CheckLoopback(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("endpoint override %q is not a URL: unset it", endpoint)
	}
	address, err := netip.ParseAddr(u.Hostname())
	if err != nil || !address.IsLoopback() {
		return fmt.Errorf("endpoint override %q is not a loopback address such as http://127.0.0.1:8000: unset it", endpoint)
	}
	return nil
}
