package passkeys

import (
	"encoding/json"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"

	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider/service"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// VendorProps are sign-in systems of others whose users sign in side by side
// with those who have passkeys here, on every app client that is served. The
// secret of each is put by its operator, from standard input, with
// `go run ./infra/admin put-secret`; until then a sign-in through the vendor
// fails with a log line that names the parameter, and everything else works.
type VendorProps struct {
	// Corbado serves users whose passkeys are with Corbado Connect.
	Corbado *Corbado

	// PassageFlex serves users whose passkeys are with a service that speaks the
	// protocol of Passage Flex. Not with HTTPProvider.
	PassageFlex *PassageFlex

	// HTTPProvider serves users of another service, by its description alone. Not
	// with PassageFlex, because the answers of neither have a form of their own.
	HTTPProvider *HTTPProvider
}

// PassageFlex is an app at a service that speaks the protocol of Passage Flex,
// which 1Password ended on 16 January 2026.
type PassageFlex struct {
	// AppID is the id of the app. Required.
	AppID string

	// BaseURL of the API, such as "https://passage.example.com/v1". Required,
	// because the hosted service is gone.
	BaseURL string

	// SecretParameter is the SecureString parameter that holds the API key. Empty
	// means "<ParameterPath>/passage".
	SecretParameter string

	// TransactionForm is what the service's transaction ids look like, for those
	// made up for users without a passkey there. Empty means a random UUID.
	TransactionForm service.Form
}

// HTTPProvider is any other service.
type HTTPProvider struct {
	// Service describes it. Required.
	Service service.Description

	// SecretParameter is the SecureString parameter that holds the service's
	// secret. Empty means "<ParameterPath>/provider".
	SecretParameter string
}

// withDefaults returns a copy of v in which parameters lie below path.
func (v VendorProps) withDefaults(path string) VendorProps {
	if v.Corbado != nil {
		c := *v.Corbado
		setDefault(&c.SecretParameter, path+"/corbado")
		if c.Actions != nil {
			a := *c.Actions
			setDefault(&a.CredentialsParameter, path+"/corbado-actions")
			c.Actions = &a
		}
		v.Corbado = &c
	}
	if v.PassageFlex != nil {
		f := *v.PassageFlex
		setDefault(&f.SecretParameter, path+"/passage")
		setDefault(&f.TransactionForm, service.FormUUID)
		v.PassageFlex = &f
	}
	if v.HTTPProvider != nil {
		h := *v.HTTPProvider
		setDefault(&h.SecretParameter, path+"/provider")
		v.HTTPProvider = &h
	}
	return v
}

// methods are the names of the vendors' methods.
func (v VendorProps) methods() []string {
	var methods []string
	if v.Corbado != nil {
		methods = append(methods, provisioning.MethodCorbado)
	}
	if v.PassageFlex != nil {
		methods = append(methods, provisioning.MethodPassage)
	}
	if v.HTTPProvider != nil {
		methods = append(methods, v.HTTPProvider.Service.Method)
	}
	return methods
}

// buildTags are those of functions that ask the vendors.
func (v VendorProps) buildTags() []string {
	if len(v.methods()) == 0 {
		return nil
	}
	return []string{"vendors"}
}

func (v VendorProps) settings() settings.Vendors {
	var s settings.Vendors
	if c := v.Corbado; c != nil {
		s.CorbadoParameter, s.CorbadoURL = c.SecretParameter, c.BaseURL
	}
	if f := v.PassageFlex; f != nil {
		s.PassageParameter, s.PassageURL, s.PassageApp, s.PassageForm = f.SecretParameter, f.BaseURL, f.AppID, string(f.TransactionForm)
	}
	if h := v.HTTPProvider; h != nil {
		description, err := json.Marshal(h.Service)
		if err != nil {
			panic(err) // texts and numbers always marshal
		}
		s.ProviderParameter, s.Provider = h.SecretParameter, string(description)
	}
	return s
}

// secretsOf allows reading the secrets of those vendors that a function asks.
func secretsOf(k *Keys, parameters ...string) []awsiam.PolicyStatement {
	var statements []awsiam.PolicyStatement
	for _, parameter := range parameters {
		if parameter != "" {
			statements = append(statements, readParameter(k, parameter, k.props.EncryptionKey)...)
		}
	}
	return statements
}

// routes are those of the vendors whose passkeys users manage through the API.
func (v VendorProps) routes() []routes.Route {
	var all []routes.Route
	if v.Corbado != nil {
		all = append(all, routes.Corbado()...)
	}
	if v.PassageFlex != nil {
		all = append(all, routes.Passage()...)
	}
	return all
}

// maxDescription is how long the JSON of a service's description may be, in
// bytes: the function's other settings need the rest of what Lambda takes.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxDescription = 2500

func (c *check) vendors(v VendorProps) {
	if v.Corbado != nil {
		c.secretParameter("Corbado.SecretParameter", v.Corbado.SecretParameter)
		c.corbado(*v.Corbado)
	}
	if f := v.PassageFlex; f != nil {
		c.required("PassageFlex.AppID", f.AppID)
		c.required("PassageFlex.BaseURL", f.BaseURL)
		c.vendorURL("PassageFlex.BaseURL", f.BaseURL)
		c.secretParameter("PassageFlex.SecretParameter", f.SecretParameter)
		if !f.TransactionForm.IsKnown() && f.TransactionForm != "" {
			c.add("PassageFlex.TransactionForm", string(f.TransactionForm), `use "uuid", or hex, digits, alphanumeric or base64url, a colon, and a length from 1 to 512`)
		}
	}
	if h := v.HTTPProvider; h != nil {
		if err := h.Service.Check(); err != nil {
			c.add("HTTPProvider.Service", h.Service.Service, "mend its description:\n    %v", err)
		}
		if slices.Contains([]string{provisioning.MethodPasskey, provisioning.MethodTicket, provisioning.MethodCorbado, provisioning.MethodPassage,
			provisioning.MethodLink, provisioning.MethodCode, provisioning.MethodSMS}, h.Service.Method) {
			c.add("HTTPProvider.Service.Method", h.Service.Method, "use a name that no other method has, such as %q", "http")
		}
		c.vendorURL("HTTPProvider.Service.BaseURL", h.Service.BaseURL)
		c.secretParameter("HTTPProvider.SecretParameter", h.SecretParameter)
		if n := len(v.settings().Provider); n > maxDescription {
			c.add("HTTPProvider.Service", h.Service.Service, "shorten its description of %d bytes to %d: Lambda takes 4 KB of settings in all", n, maxDescription)
		}
		if v.PassageFlex != nil {
			c.add("HTTPProvider", h.Service.Service, "leave out it or PassageFlex: the answers of neither have a form of their own")
		}
	}
}
