// Package settings is what the construct hands to a function: one struct per
// function, written as environment variables at synthesis by Environ and read
// back at start by Parse.
package settings

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Define is what the Define Auth Challenge function needs.
type Define struct {
	Openers   []string `env:"PASSKEYS_OPENERS,optional"`   // methods beside the passkey whose challenges open a session
	Fallbacks []string `env:"PASSKEYS_FALLBACKS,optional"` // methods a client may ask for after a passkey challenge was not answered
}

// Create is what the Create Auth Challenge function needs. Neither the pool nor
// an app client is among it: the pool refers to its triggers, and CloudFormation
// allows no cycle.
type Create struct {
	Table          string   `env:"PASSKEYS_TABLE"`              // name of the credential table
	DecoyParameter string   `env:"PASSKEYS_DECOY_PARAMETER"`    // SSM name of the key that false passkey lists derive from
	Openers        []string `env:"PASSKEYS_OPENERS,optional"`   // the same as Define's
	Fallbacks      []string `env:"PASSKEYS_FALLBACKS,optional"` // the same as Define's
	FoldUserNames  bool     `env:"PASSKEYS_FOLD_USER_NAMES"`    // whether the pool ignores the case of user names
	Vendors
	Mail
	SMS
}

// Verify is what the Verify Auth Challenge Response function needs. The public
// keys come from the custom resource that made them, so that a sign-in never
// waits for a secret.
type Verify struct {
	Table          string   `env:"PASSKEYS_TABLE"`
	RelyingPartyID string   `env:"PASSKEYS_RELYING_PARTY_ID"`
	Origins        []string `env:"PASSKEYS_ORIGINS"`                   // accepted byte by byte
	RelatedOrigins []string `env:"PASSKEYS_RELATED_ORIGINS,optional"`  // accepted too, outside the relying party's domain
	StampKeys      []string `env:"PASSKEYS_STAMP_KEYS"`                // Ed25519 public keys, unpadded base64url
	CounterPolicy  string   `env:"PASSKEYS_COUNTER_POLICY,optional"`   // what a signature counter that did not increase means
	TicketKeys     []string `env:"PASSKEYS_TICKET_KEYS,optional"`      // Ed25519 public keys, as StampKeys; empty: no tickets
	AccountKeys    []string `env:"PASSKEYS_ACCOUNT_KEYS,optional"`     // Ed25519 public keys, as StampKeys, of the accounts function's tickets; empty: none
	Fallbacks      []string `env:"PASSKEYS_FALLBACKS,optional"`        // the same as Define's
	LinkAnyBrowser bool     `env:"PASSKEYS_LINK_ANY_BROWSER,optional"` // whether links work in other browsers than the one that asked
	SMSStepUpOnly  bool     `env:"PASSKEYS_SMS_STEP_UP_ONLY,optional"` // whether codes in text messages count beside an access token only
	Vendors
}

// PreSignUp is what the Pre Sign-up function needs where known people may use
// Cognito's SignUp; otherwise it needs nothing.
type PreSignUp struct {
	Table       string   `env:"PASSKEYS_TABLE,optional"`
	AccountKeys []string `env:"PASSKEYS_ACCOUNT_KEYS,optional"` // the same as Verify's; empty: nobody is let through
	NamedUsers  bool     `env:"PASSKEYS_NAMED_USERS,optional"`  // the same as Accounts'
}

// PostConfirmation is what the Post Confirmation function needs.
type PostConfirmation struct {
	Table string `env:"PASSKEYS_TABLE"`
}

// PreAuthentication is what the Pre Authentication function needs.
type PreAuthentication struct {
	Table string `env:"PASSKEYS_TABLE"`
}

// API is what the HTTP API function needs.
type API struct {
	Table                string        `env:"PASSKEYS_TABLE"`
	UserPoolID           string        `env:"PASSKEYS_USER_POOL_ID"`
	ClientIDs            []string      `env:"PASSKEYS_CLIENT_IDS"` // app clients whose access tokens are accepted
	RelyingPartyID       string        `env:"PASSKEYS_RELYING_PARTY_ID"`
	RelyingPartyName     string        `env:"PASSKEYS_RELYING_PARTY_NAME"` // shown by authenticators
	Origins              []string      `env:"PASSKEYS_ORIGINS"`
	RelatedOrigins       []string      `env:"PASSKEYS_RELATED_ORIGINS,optional"`
	UserVerification     string        `env:"PASSKEYS_USER_VERIFICATION"`
	CounterPolicy        string        `env:"PASSKEYS_COUNTER_POLICY,optional"`
	StampParameter       string        `env:"PASSKEYS_STAMP_PARAMETER"`            // SSM name of the key that signs challenges
	VerifiedAttributes   []string      `env:"PASSKEYS_VERIFIED_ATTRIBUTES"`        // a user needs one of them to be "true" to register a passkey
	MaxPasskeys          int           `env:"PASSKEYS_MAX_PASSKEYS"`               // per user
	RecentAuthentication time.Duration `env:"PASSKEYS_RECENT_AUTHENTICATION"`      // how long after a sign-in passkeys may be added or removed
	WithoutPasswords     bool          `env:"PASSKEYS_WITHOUT_PASSWORDS,optional"` // whether passwords are off
	Vendors
	Post
}

// Accounts is what the function needs that creates, recovers and changes accounts.
type Accounts struct {
	Table            string   `env:"PASSKEYS_TABLE"`
	UserPoolID       string   `env:"PASSKEYS_USER_POOL_ID"`
	ClientIDs        []string `env:"PASSKEYS_CLIENT_IDS"`                 // app clients that are served
	AccountParameter string   `env:"PASSKEYS_ACCOUNT_PARAMETER,optional"` // SSM name of the key that signs tickets: it signs in as anybody
	NamedUsers       bool     `env:"PASSKEYS_NAMED_USERS,optional"`       // users have names of their own, and addresses as aliases; otherwise the address is the name
	MarkerAttribute  string   `env:"PASSKEYS_MARKER_ATTRIBUTE"`           // that says who created a user, with "custom:"
	SignUp           bool     `env:"PASSKEYS_SIGN_UP,optional"`           // whether users may sign up without a password
	RosterParameter  string   `env:"PASSKEYS_ROSTER_PARAMETER,optional"`  // SSM name of the pepper of account numbers; empty: not only known people may sign up
	SignUpTickets    bool     `env:"PASSKEYS_SIGN_UP_TICKETS,optional"`   // whether known people may use Cognito's SignUp
	Recovery
	Password
	Mail
}

// Password is what the accounts function needs to take passwords away.
type Password struct {
	TokenClientIDs       []string      `env:"PASSKEYS_TRUSTED_CLIENT_IDS"`    // app clients whose access tokens are accepted
	RecentAuthentication time.Duration `env:"PASSKEYS_RECENT_AUTHENTICATION"` // how long after a sign-in a user may do so
	WayBack              bool          `env:"PASSKEYS_WAY_BACK,optional"`     // whether a mail lets a user in who has lost every passkey
}

// Vendors are the sign-in systems of others, for functions that are built with
// the tag "vendors". Each is there if its parameter is named: the SSM name of
// the vendor's secret, which its operator puts there.
type Vendors struct {
	CorbadoParameter  string `env:"PASSKEYS_CORBADO_PARAMETER,optional"` // base64 of <project id>:<API secret>
	CorbadoURL        string `env:"PASSKEYS_CORBADO_URL,optional"`
	PassageParameter  string `env:"PASSKEYS_PASSAGE_PARAMETER,optional"` // API key
	PassageURL        string `env:"PASSKEYS_PASSAGE_URL,optional"`
	PassageApp        string `env:"PASSKEYS_PASSAGE_APP,optional"`              // id of the app
	PassageForm       string `env:"PASSKEYS_PASSAGE_TRANSACTION_FORM,optional"` // of transaction ids
	ProviderParameter string `env:"PASSKEYS_PROVIDER_PARAMETER,optional"`
	Provider          string `env:"PASSKEYS_PROVIDER,optional"` // JSON of what the service is like
}

// Recovery is what the accounts function needs to let users back in who have lost
// their passkeys.
type Recovery struct {
	Recovers      bool          `env:"PASSKEYS_RECOVERS,optional"`
	RecoveryDelay time.Duration `env:"PASSKEYS_RECOVERY_DELAY,optional"` // before a user who has a passkey may complete a recovery
	KeepPasskeys  bool          `env:"PASSKEYS_KEEP_PASSKEYS,optional"`  // whether they stay
}

// Mail is what mailed links and codes need of a Create that is built with the tag
// "mail". It is there if the parameter is named.
type Mail struct {
	MailParameter string        `env:"PASSKEYS_MAIL_PARAMETER,optional"` // SSM name of the key that links, codes and limits derive from
	CodeLifetime  time.Duration `env:"PASSKEYS_CODE_LIFETIME,optional"`
	LinkLifetime  time.Duration `env:"PASSKEYS_LINK_LIFETIME,optional"`
	LinkRedirects []string      `env:"PASSKEYS_LINK_REDIRECTS,optional"` // pages that links may open; the first is the default
	Post
}

// Post is what a function needs that sends mail, and is built with the tag
// "mail". It is there if the sender is named.
type Post struct {
	MailFrom             string `env:"PASSKEYS_MAIL_FROM,optional"` // sender, of an identity in SES
	MailFromName         string `env:"PASSKEYS_MAIL_FROM_NAME,optional"`
	MailConfigurationSet string `env:"PASSKEYS_MAIL_CONFIGURATION_SET,optional"` // of SES
	MailSite             string `env:"PASSKEYS_MAIL_SITE,optional"`              // how mails name the service
	MailPage             string `env:"PASSKEYS_MAIL_PAGE,optional"`              // where its users sign in; empty: in apps only
	MailLanguage         string `env:"PASSKEYS_MAIL_LANGUAGE,optional"`          // for users who have chosen none
	MailTemplates        string `env:"PASSKEYS_MAIL_TEMPLATES,optional"`         // folder beside the function's binary; empty: the function's own
}

// SMS is what codes in text messages need of a Create that is built with the tag
// "sms". It is there if the parameter is named.
type SMS struct {
	SMSParameter            string        `env:"PASSKEYS_SMS_PARAMETER,optional"`             // SSM name of the key that codes and limits derive from
	SMSOriginationIdentity  string        `env:"PASSKEYS_SMS_ORIGINATION_IDENTITY,optional"`  // ARN
	SMSProtectConfiguration string        `env:"PASSKEYS_SMS_PROTECT_CONFIGURATION,optional"` // id
	SMSCountryCodes         []string      `env:"PASSKEYS_SMS_COUNTRY_CODES,optional"`         // beginnings of phone numbers
	SMSPerDay               int           `env:"PASSKEYS_SMS_PER_DAY,optional"`               // to all users
	SMSMaxPrice             string        `env:"PASSKEYS_SMS_MAX_PRICE,optional"`             // of one, in US dollars
	SMSSite                 string        `env:"PASSKEYS_SMS_SITE,optional"`                  // how text messages name the service
	SMSDomain               string        `env:"PASSKEYS_SMS_DOMAIN,optional"`                // that codes are bound to
	SMSLanguage             string        `env:"PASSKEYS_SMS_LANGUAGE,optional"`              // for users who have chosen none
	SMSTemplates            string        `env:"PASSKEYS_SMS_TEMPLATES,optional"`             // folder beside the function's binary; empty: the function's own
	SMSCodeLifetime         time.Duration `env:"PASSKEYS_SMS_CODE_LIFETIME,optional"`
}

// Audit is what the function needs that delivers audit events.
type Audit struct {
	Bus string `env:"PASSKEYS_AUDIT_BUS"` // name or ARN of the event bus
}

// CorbadoActions is what the function needs that Corbado Connect asks around its own work.
type CorbadoActions struct {
	UserPoolID           string `env:"PASSKEYS_USER_POOL_ID"`
	SecondFactor         string `env:"PASSKEYS_CORBADO_SECOND_FACTOR,optional"`     // that users get who have none, in Cognito's words; empty for a pool without MFA
	CredentialsParameter string `env:"PASSKEYS_CORBADO_ACTIONS_PARAMETER,optional"` // SSM name of <user>:<password> of HTTP requests; empty if Corbado invokes the function itself
}

// Telemetry is what every function needs.
type Telemetry struct {
	Instance string `env:"PASSKEYS_INSTANCE"` // of the construct, for metrics and audit events
}

// AWS is what the Lambda runtime itself provides. Endpoints are empty in AWS.
type AWS struct {
	Region          string `env:"AWS_REGION"`
	AccessKeyID     string `env:"AWS_ACCESS_KEY_ID"`
	SecretAccessKey string `env:"AWS_SECRET_ACCESS_KEY"`
	SessionToken    string `env:"AWS_SESSION_TOKEN,optional"`
	DynamoDB        string `env:"AWS_ENDPOINT_URL_DYNAMODB,optional"`
	SSM             string `env:"AWS_ENDPOINT_URL_SSM,optional"`
	Cognito         string `env:"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER,optional"`
	EventBridge     string `env:"AWS_ENDPOINT_URL_EVENTBRIDGE,optional"`
	SES             string `env:"AWS_ENDPOINT_URL_SESV2,optional"`
	SMS             string `env:"AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2,optional"`
}

const optional = "optional"

// Environ returns the environment variables that Parse reads back into a
// struct of the type of s, a struct of this package. Lists are joined by
// commas; an optional field that is zero is left out.
func Environ(s any) map[string]string {
	env := map[string]string{} // variable → value
	for _, f := range fields(reflect.ValueOf(s)) {
		if !f.optional || !f.value.IsZero() {
			env[f.variable] = format(f.value)
		}
	}
	return env
}

// field is a field of a struct of this package.
type field struct {
	variable string
	optional bool
	value    reflect.Value
}

// fields lists the fields of a struct and of those embedded in it.
func fields(v reflect.Value) []field {
	var all []field
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			all = append(all, fields(v.Field(i))...)
			continue
		}
		name, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("env"), ",")
		all = append(all, field{name, option == optional, v.Field(i)})
	}
	return all
}

// Parse fills each of into, pointers to structs of this package, from the
// environment. It reports every variable that is missing or malformed, not just
// the first, and never repeats a value, because some are credentials.
func Parse(lookup func(string) (string, bool), into ...any) error {
	var problems []error
	for _, s := range into {
		for _, f := range fields(reflect.ValueOf(s).Elem()) {
			if err := f.parse(lookup); err != nil {
				problems = append(problems, fmt.Errorf("environment variable %s: %w", f.variable, err))
			}
		}
	}
	return errors.Join(problems...)
}

func (f field) parse(lookup func(string) (string, bool)) error {
	text, _ := lookup(f.variable)
	switch {
	case text != "":
		return parse(f.value, text)
	case f.optional:
		return nil
	default:
		return errors.New("it is missing: deploy the stack again")
	}
}

func format(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Int64:
		return time.Duration(v.Int()).String()
	case reflect.Slice:
		return strings.Join(v.Interface().([]string), ",")
	default:
		return v.String()
	}
}

func parse(v reflect.Value, text string) error {
	switch v.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("want true or false")
		}
		v.SetBool(b)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("want a whole number")
		}
		v.SetInt(int64(n))
	case reflect.Int64:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New("want a duration such as 5m0s")
		}
		v.SetInt(int64(d))
	case reflect.Slice:
		v.Set(reflect.ValueOf(strings.Split(text, ",")))
	default:
		v.SetString(text)
	}
	return nil
}
