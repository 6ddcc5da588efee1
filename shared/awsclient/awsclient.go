// Package awsclient configures the AWS SDK inside Lambda from plain environment
// variables. The SDK's own config package would read files and probe for
// credential sources that Lambda doesn't have, at about 7 ms and 1.8 MB a function.
package awsclient

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// What a call may take. Cognito gives a trigger 5 s, so three attempts and the
// waits between them must end well before that.
const (
	AttemptTimeout = 700 * time.Millisecond
	Attempts       = 3
	MaxBackoff     = 200 * time.Millisecond
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
		HTTPClient: awshttp.NewBuildableClient().WithTimeout(AttemptTimeout),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = Attempts
				o.MaxBackoff = MaxBackoff
				o.RateLimiter = ratelimit.None
			})
		},
	}
	if endpoint == "" {
		return cfg, nil
	}
	if err := checkLoopback(endpoint); err != nil {
		return aws.Config{}, err
	}
	cfg.BaseEndpoint = aws.String(endpoint)
	return cfg, nil
}

func checkLoopback(endpoint string) error {
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
