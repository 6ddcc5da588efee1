package passkeys_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider/service"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// another describes a service that verifies answers without a transaction.
func another() service.Description {
	return service.Description{
		Method: "http", Service: "Another", BaseURL: "https://id.example.com", Header: "Authorization", Scheme: "Bearer",
		Identifier: service.Sub, Verification: service.Verification{Path: "/verify", Answer: "/answer", Returned: "/user"},
	}
}

// withVendors is a stack whose users are with Corbado or Passage, and whose backend signs tickets.
var withVendors = sync.OnceValue(func() synthesis {
	props := minimal()
	props.BackendClient = true
	props.Tickets = &passkeys.Tickets{}
	props.PassageFlex = &passkeys.PassageFlex{AppID: "app", BaseURL: "https://passage.example.com/v1"}
	props.Corbado = &passkeys.Corbado{
		Actions: &passkeys.CorbadoActions{SecondFactor: "EMAIL_OTP"},
		Hosted:  &passkeys.CorbadoHosted{AccountID: "111122223333", ExternalID: "example"},
	}
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Stack"), nil)
	p := passkeys.New(stack, jsii.String("Passkeys"), &props)
	p.GrantTickets(awsiam.NewRole(stack, jsii.String("Backend"), &awsiam.RoleProps{AssumedBy: awsiam.NewAccountRootPrincipal()}))
	template := assertions.Template_FromStack(stack, nil)
	return synthesis{template, resourcesOf(template), p}
})

// secretPath is where the secrets of these stacks lie.
const secretPath = "/passkeys/Stack/Passkeys/"

func TestVendorsStandBesidePasskeys(t *testing.T) {
	methods := map[string]string{} // app client → its methods
	for _, item := range withVendors().all.ofType("Custom::PasskeysAppClient") {
		methods[flat(item["ClientId"])] = flat(item["Methods"])
	}
	want := map[string]string{
		"${PasskeysUserPoolClient}":        "passkey corbado passageflex",
		"${PasskeysUserPoolBackendClient}": "passkey corbado passageflex ticket",
	}
	if !maps.Equal(methods, want) {
		t.Errorf("methods %v, want %v", methods, want)
	}
}

func TestFunctionsKnowTheVendors(t *testing.T) {
	var define settings.Define
	var create settings.Create
	var verify settings.Verify
	var actions settings.CorbadoActions
	for function, into := range map[string]any{
		"TriggersDefineAuthChallenge": &define, "TriggersCreateAuthChallenge": &create, "TriggersVerifyAuthChallenge": &verify,
		"ApiCorbadoActions": &actions,
	} {
		env := environment(t, withVendors().all, "Passkeys"+function)
		if err := settings.Parse(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, into); err != nil {
			t.Errorf("%s: %v", function, err)
		}
	}
	vendors := settings.Vendors{
		CorbadoParameter: secretPath + "corbado",
		PassageParameter: secretPath + "passage", PassageURL: "https://passage.example.com/v1", PassageApp: "app", PassageForm: "uuid",
	}
	if create.Vendors != vendors || verify.Vendors != vendors {
		t.Errorf("Create knows %+v and Verify %+v, want %+v", create.Vendors, verify.Vendors, vendors)
	}
	if openers := []string{"corbado", "passageflex"}; !slices.Equal(define.Openers, openers) || !slices.Equal(create.Openers, openers) {
		t.Errorf("sessions open by %v and %v, want %v", define.Openers, create.Openers, openers)
	}
	if !slices.Equal(verify.TicketKeys, []string{"${PasskeysKeysTicketKey.PublicKeys}"}) {
		t.Errorf("tickets are checked with %v", verify.TicketKeys)
	}
	if actions.SecondFactor != "EMAIL_OTP" || actions.CredentialsParameter != secretPath+"corbado-actions" {
		t.Errorf("actions know %+v", actions)
	}
}

func TestVendorsSecretsAreReadByThoseWhoAskThem(t *testing.T) {
	readers := map[string][]string{} // secret → functions
	for id, role := range withVendors().all.ofType("AWS::IAM::Role") {
		if role["Policies"] == nil {
			continue
		}
		for _, statement := range statementsOf(role) {
			if _, secret, ok := strings.Cut(statement, "ssm:GetParameter on arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"+secretPath); ok {
				readers[secret] = append(readers[secret], strings.TrimPrefix(withoutHash(id), "Passkeys"))
			}
		}
	}
	for secret, want := range map[string][]string{
		"corbado":         {"ApiFunctionRole", "TriggersVerifyAuthChallengeRole"},
		"passage":         {"ApiFunctionRole", "TriggersCreateAuthChallengeRole", "TriggersVerifyAuthChallengeRole"},
		"corbado-actions": {"ApiCorbadoActionsRole"},
		"ticket":          {"KeysProvisionRole"}, // and the backend, by a policy of its own
	} {
		slices.Sort(readers[secret])
		if !slices.Equal(readers[secret], want) {
			t.Errorf("%s is read by %v, want %v", secret, readers[secret], want)
		}
	}
	withVendors().template.HasResourceProperties(jsii.String("AWS::IAM::Policy"), map[string]any{
		"PolicyDocument": map[string]any{"Statement": []any{map[string]any{
			"Action": "ssm:GetParameter", "Effect": "Allow", "Resource": assertions.Match_AnyValue(),
		}}},
		"Roles": []any{map[string]any{"Ref": assertions.Match_StringLikeRegexp(jsii.String("^Backend"))}},
	})
}

func TestVendorsRoutes(t *testing.T) {
	authorization := map[string]any{} // route key → type
	for _, route := range withVendors().all.ofType("AWS::ApiGatewayV2::Route") {
		authorization[route["RouteKey"].(string)] = route["AuthorizationType"]
	}
	for _, route := range append(routes.Corbado(), routes.Passage()...) {
		if got := authorization[route.Key()]; got != "JWT" {
			t.Errorf("%s takes %v, want a token", route.Key(), got)
		}
	}
	if got := authorization[routes.CorbadoAction.Key()]; got != "NONE" {
		t.Errorf("%s takes %v, want its function to judge", routes.CorbadoAction.Key(), got)
	}
}

func TestCorbadosRole(t *testing.T) {
	withVendors().template.HasResourceProperties(jsii.String("AWS::IAM::Role"), map[string]any{
		"AssumeRolePolicyDocument": map[string]any{"Statement": []any{map[string]any{
			"Action": "sts:AssumeRole", "Effect": "Allow",
			"Principal": assertions.Match_AnyValue(),
			"Condition": map[string]any{"StringEquals": map[string]any{"sts:ExternalId": "example"}},
		}}},
		"Policies": []any{map[string]any{"PolicyName": "Least", "PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Action": []any{"cognito-idp:AdminGetUser", "cognito-idp:ListUsers", "cognito-idp:AdminSetUserMFAPreference"},
			"Effect": "Allow", "Resource": map[string]any{"Fn::GetAtt": []any{"PasskeysUserPool127CE123", "Arn"}},
		}}}}},
	})
}

func TestNothingOfVendorsWithoutThem(t *testing.T) {
	env := environment(t, defaults().all, "PasskeysTriggersVerifyAuthChallenge")
	for name := range settings.Environ(settings.Vendors{
		CorbadoParameter: "p", CorbadoURL: "u", PassageParameter: "p", PassageURL: "u", PassageApp: "a", PassageForm: "f", ProviderParameter: "p", Provider: "d",
	}) {
		if env[name] != "" {
			t.Errorf("%s is set", name)
		}
	}
	if env["PASSKEYS_TICKET_KEYS"] != "" {
		t.Error("tickets are taken")
	}
	p := defaults().passkeys
	if p.TicketParameter() != "" || p.CorbadoRole() != nil || p.CorbadoActionsFunction() != nil {
		t.Error("there is something of vendors or tickets")
	}
	defer func() {
		var invalid *passkeys.InvalidPropsError
		if err, _ := recover().(error); !errors.As(err, &invalid) || invalid.Problems[0].Property != "Tickets" {
			t.Errorf("granting tickets that nobody takes ended with %v", err)
		}
	}()
	p.GrantTickets(p.Triggers().DefineFunction())
}

func TestVendorProblems(t *testing.T) {
	wrong := another()
	wrong.Method, wrong.BaseURL, wrong.Verification.Path = "passkey", "http://id.example.com", "verify"
	for name, c := range map[string]struct {
		change func(*passkeys.Props)
		want   []string // properties
	}{
		"rejects Corbado's settings": {func(p *passkeys.Props) {
			p.Corbado = &passkeys.Corbado{
				BaseURL: "http://corbado.example.com", SecretParameter: "corbado",
				Actions: &passkeys.CorbadoActions{SecondFactor: "TOTP", CredentialsParameter: "/aws/x"},
				Hosted:  &passkeys.CorbadoHosted{AccountID: "1111"},
			}
		}, []string{
			"Corbado.SecretParameter", "Corbado.BaseURL", "Corbado.Actions.CredentialsParameter", "Corbado.Actions.SecondFactor",
			"Corbado.Hosted.AccountID", "Corbado.Hosted.ExternalID",
		}},
		"rejects Passage's settings": {func(p *passkeys.Props) {
			p.PassageFlex = &passkeys.PassageFlex{SecretParameter: "x", TransactionForm: "hex:0"}
		}, []string{"PassageFlex.AppID", "PassageFlex.BaseURL", "PassageFlex.SecretParameter", "PassageFlex.TransactionForm"}},
		"rejects a description": {func(p *passkeys.Props) { p.HTTPProvider = &passkeys.HTTPProvider{Service: wrong} },
			[]string{"HTTPProvider.Service", "HTTPProvider.Service.Method", "HTTPProvider.Service.BaseURL"}},
		"rejects a description that Lambda doesn't take": {func(p *passkeys.Props) {
			long := another()
			long.Service = strings.Repeat("s", 2500)
			p.HTTPProvider = &passkeys.HTTPProvider{Service: long}
		}, []string{"HTTPProvider.Service"}},
		"rejects two whose answers look alike": {func(p *passkeys.Props) {
			p.HTTPProvider = &passkeys.HTTPProvider{Service: another()}
			p.PassageFlex = &passkeys.PassageFlex{AppID: "app", BaseURL: "https://passage.example.com/v1"}
		}, []string{"HTTPProvider"}},
		"rejects mail beside answers of any form": {func(p *passkeys.Props) {
			p.HTTPProvider = &passkeys.HTTPProvider{Service: another()}
			p.EmailCode, p.Mail = &passkeys.EmailCode{}, &passkeys.Mail{From: "sign-in@example.com"}
		}, []string{"HTTPProvider"}},
		"rejects the name of another method": {func(p *passkeys.Props) {
			named := another()
			named.Method = "code"
			p.HTTPProvider = &passkeys.HTTPProvider{Service: named}
		}, []string{"HTTPProvider.Service.Method"}},
		"rejects tickets that no client takes": {func(p *passkeys.Props) {
			p.Tickets = &passkeys.Tickets{Rotation: -1, Key: &passkeys.ExistingKey{}}
		}, []string{"Tickets.Clients", "Tickets.Rotation", "Tickets.Key"}},
		"rejects the key of stamps for tickets": {func(p *passkeys.Props) {
			p.StampKey = &passkeys.ExistingKey{Parameter: "/login/ring"}
			p.BackendClient, p.Tickets = true, &passkeys.Tickets{Key: &passkeys.ExistingKey{Parameter: "/login/ring"}}
		}, []string{"Tickets.Key"}},
		"accepts two keys of the account's own": {func(p *passkeys.Props) {
			p.StampKey = &passkeys.ExistingKey{Parameter: "/login/stamp"}
			p.BackendClient, p.Tickets = true, &passkeys.Tickets{Key: &passkeys.ExistingKey{Parameter: "/login/ticket"}}
		}, nil},
		"accepts a stand-in on this machine": {func(p *passkeys.Props) {
			p.Corbado = &passkeys.Corbado{BaseURL: "http://127.0.0.1:8080/vendors/corbado"}
			p.HTTPProvider = &passkeys.HTTPProvider{Service: another()}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			props := minimal()
			c.change(&props)
			var got []string
			var invalid *passkeys.InvalidPropsError
			if errors.As(props.Validate(), &invalid) {
				for _, problem := range invalid.Problems {
					got = append(got, problem.Property)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("problems of %v, want %v: %v", got, c.want, invalid)
			}
		})
	}
}
