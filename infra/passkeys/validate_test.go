package passkeys_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

func TestValidate(t *testing.T) {
	const key = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"
	tests := map[string]struct {
		change func(*passkeys.Props)
		want   []string // property and a piece of the remedy, in order; none if valid
	}{
		"accepts the minimum": {change: func(*passkeys.Props) {}},
		"accepts hosts and ports": {change: func(p *passkeys.Props) {
			p.Origins = []string{"https://a.example.com:8443", key, "ios:bundle-id:com.example.App"}
		}},
		"accepts localhost": {change: func(p *passkeys.Props) { p.RelyingPartyID, p.Origins = "localhost", []string{"http://localhost:8080"} }},
		"accepts tokens": {change: func(p *passkeys.Props) {
			p.RelyingPartyID, p.Origins = *awscdk.Aws_URL_SUFFIX(), []string{"https://" + *awscdk.Aws_URL_SUFFIX()}
		}},
		"accepts a parameter path": {change: func(p *passkeys.Props) { p.ParameterPath = "/team-a/login.v2" }},
		"rejects nothing at all":   {change: func(p *passkeys.Props) { *p = passkeys.Props{} }, want: []string{`RelyingPartyID: set it`, `Origins: list at least one`}},
		"rejects a URL as the relying party": {
			change: func(p *passkeys.Props) { p.RelyingPartyID = "https://example.com" },
			want:   []string{"RelyingPartyID: use a domain name", "Origins: use the relying party id"},
		},
		"rejects an IP address as the relying party": {
			change: func(p *passkeys.Props) { p.RelyingPartyID, p.Origins = "127.0.0.1", []string{key} },
			want:   []string{"RelyingPartyID: use a domain name"},
		},
		"rejects origins that browsers would not send": {
			change: func(p *passkeys.Props) {
				p.Origins = []string{"https://example.com/", "https://Example.com", "https://me@example.com", "example.com", "https://example.com:", "https://a_b.example.com", "https://example.com:443"}
			},
			want: []string{
				"Origins: write it as", "Origins: write it as", "Origins: write it as", "Origins: write it as",
				"Origins: write it as", "Origins: write it as", "Origins: leave out",
			},
		},
		"rejects origins outside the relying party": {
			change: func(p *passkeys.Props) {
				p.Origins = []string{"https://example.org", "https://notexample.com", "ftp://example.com"}
			},
			want: []string{"Origins: use the relying party id", "Origins: use the relying party id", "Origins: use https"},
		},
		"accepts related origins": {change: func(p *passkeys.Props) {
			p.RelatedOrigins = []string{"https://example.co.uk", "https://login.example.co.uk", "https://example.de", "https://a.example", "https://b.example", "https://c.example", "https://d.example:8443"}
		}},
		"rejects related origins that need no relation": {
			change: func(p *passkeys.Props) { p.RelatedOrigins = []string{"https://a.example.com", "https://example.com"} },
			want:   []string{"RelatedOrigins: list it in Origins", "RelatedOrigins: list it in Origins"},
		},
		"rejects related origins that no browser would send over TLS": {
			change: func(p *passkeys.Props) {
				p.RelatedOrigins = []string{"http://example.org", key, "https://example.org/", "https://Example.org", "https://example.org:443", "https://", "https://example.net", "https://example.net"}
			},
			want: []string{
				"RelatedOrigins: use https", "RelatedOrigins: use https", "RelatedOrigins: write it as", "RelatedOrigins: write it as",
				"RelatedOrigins: leave out", "RelatedOrigins: write it as", "RelatedOrigins: list it once",
			},
		},
		"rejects more related names than browsers honour": {
			change: func(p *passkeys.Props) {
				p.RelatedOrigins = []string{"https://a.example", "https://b.example", "https://c.example", "https://d.example", "https://e.example", "https://f.example"}
			},
			want: []string{"RelatedOrigins: use at most 5 names"},
		},
		"rejects http": {
			change: func(p *passkeys.Props) { p.Origins = []string{"http://example.com", "http://localhost:8080"} },
			want:   []string{"Origins: use https", "Origins: use https"},
		},
		"rejects an app without its hash": {
			change: func(p *passkeys.Props) { p.Origins = []string{"android:com.example"} },
			want:   []string{"Origins: use \"android:apk-key-hash:\""},
		},
		"rejects an app without its bundle id": {
			change: func(p *passkeys.Props) { p.Origins = []string{"ios:bundle-id:"} },
			want:   []string{"Origins: use \"ios:bundle-id:\""},
		},
		"rejects an origin listed twice": {
			change: func(p *passkeys.Props) { p.Origins = append(p.Origins, p.Origins...) },
			want:   []string{"Origins: list it once"},
		},
		"rejects values of no kind": {
			change: func(p *passkeys.Props) {
				p.UserVerification, p.CounterPolicy, p.SignIn, p.MFA, p.Plan, p.RemovalPolicy = "maybe", "pray", "fax", "sms", "FREE", awscdk.RemovalPolicy_SNAPSHOT
			},
			want: []string{
				`UserVerification: use one of "required"`, `CounterPolicy: use one of "reject", "flag", "ignore"`,
				`SignIn: use one of "email", "phone"`, `MFA: use one of "off", "optional"`, `Plan: use one of "LITE"`, `RemovalPolicy: use one of "RETAIN", "DESTROY"`,
			},
		},
		"rejects MFA that passkeys would not keep": {
			change: func(p *passkeys.Props) { p.MFA = "required" },
			want:   []string{`MFA: use "optional": Cognito skips MFA in custom authentication`},
		},
		"rejects limits out of range": {
			change: func(p *passkeys.Props) {
				p.MaxPasskeys, p.RecentAuthentication, p.StampRotation, p.DecoyRotation = 51, 2*time.Hour, -1, -1
			},
			want: []string{"MaxPasskeys: use 1 to 50", "RecentAuthentication: use 1m0s to 1h0m0s", "StampRotation: start at 0", "DecoyRotation: start at 0"},
		},
		"rejects names that AWS would": {
			change: func(p *passkeys.Props) { p.MarkerAttribute, p.ParameterPath = "custom:created_by", "secrets/" },
			want:   []string{"MarkerAttribute: use 1 to 20", "ParameterPath: use a path such as"},
		},
		"rejects a path that SSM keeps for AWS": {
			change: func(p *passkeys.Props) { p.ParameterPath = "/aws-login/passkeys" },
			want:   []string{"ParameterPath: start it with another name"},
		},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			props := minimal()
			tt.change(&props)
			if got := problems(props.Validate()); !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("problems\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tt.want, "\n  "))
			}
		})
	}
}

// problems returns property and remedy of each problem.
func problems(err error) []string {
	var invalid *passkeys.InvalidPropsError
	if !errors.As(err, &invalid) {
		return nil
	}
	var lines []string
	for _, p := range invalid.Problems {
		lines = append(lines, p.Property+": "+p.Remedy)
	}
	return lines
}

func TestNewPanicsWithEveryProblem(t *testing.T) {
	defer func() {
		err, _ := recover().(error)
		const want = `the passkeys construct can't be made from these properties:
  RelyingPartyID is "": set it to the domain that passkeys belong to, such as "example.com"
  Origins is "http://example.com": use https: http is for "http://localhost:<port>" while the relying party id is "localhost"
  MaxPasskeys is -1: use 1 to 50`
		if err == nil || err.Error() != want {
			t.Errorf("panic %v, want %s", err, want)
		}
	}()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Stack"), nil)
	passkeys.New(stack, jsii.String("Passkeys"), &passkeys.Props{Origins: []string{"http://example.com"}, MaxPasskeys: -1})
}
