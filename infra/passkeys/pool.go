package passkeys

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"
)

// newPool makes a user pool.
func (p *Passkeys) newPool() awscognito.UserPool {
	byEmail, byPhone := p.props.SignIn == SignInEmail, p.props.SignIn == SignInPhone
	pool := awscognito.NewUserPool(p, jsii.String("UserPool"), p.withNative(&awscognito.UserPoolProps{
		FeaturePlan:         p.props.Plan,
		SignInAliases:       p.signInAliases(),
		SignInCaseSensitive: jsii.Bool(false),
		SelfSignUpEnabled:   p.props.SelfSignUp,
		AutoVerify:          &awscognito.AutoVerifiedAttrs{Email: jsii.Bool(true), Phone: jsii.Bool(byPhone)},
		StandardAttributes: &awscognito.StandardAttributes{
			Email:       &awscognito.StandardAttribute{Required: jsii.Bool(byEmail), Mutable: jsii.Bool(true)},
			PhoneNumber: &awscognito.StandardAttribute{Required: jsii.Bool(byPhone), Mutable: jsii.Bool(true)},
		},
		CustomAttributes: &map[string]awscognito.ICustomAttribute{
			p.props.MarkerAttribute: awscognito.NewStringAttribute(&awscognito.StringAttributeProps{Mutable: jsii.Bool(true)}),
		},
		// A changed address counts only once it is verified: whoever holds a
		// stolen access token can't move the account to an address of theirs.
		KeepOriginal:    &awscognito.KeepOriginalAttrs{Email: jsii.Bool(true), Phone: jsii.Bool(byPhone)},
		AccountRecovery: p.props.recovery(),
		PasswordPolicy: &awscognito.PasswordPolicy{
			MinLength:            jsii.Number(14),
			RequireDigits:        jsii.Bool(true),
			RequireLowercase:     jsii.Bool(true),
			RequireUppercase:     jsii.Bool(true),
			RequireSymbols:       jsii.Bool(true),
			TempPasswordValidity: awscdk.Duration_Days(jsii.Number(3)),
		},
		Mfa:                p.mfa(),
		MfaSecondFactor:    &awscognito.MfaSecondFactor{Otp: jsii.Bool(true), Sms: jsii.Bool(false)},
		Email:              p.props.Email,
		DeletionProtection: jsii.Bool(p.props.retained()),
		RemovalPolicy:      p.props.RemovalPolicy,
	}))
	p.setFactorConfiguration(pool)
	p.acknowledge(pool)
	return pool
}

// acknowledge leaves a finding to the owner's judgement where its reason
// doesn't hold: a passkey without user verification is one factor.
func (p *Passkeys) acknowledge(pool awscognito.UserPool) {
	reasons := map[string]string{} // rule → reason
	if p.props.verifiesUsers() {
		reasons[ruleMFARequired] = "A passkey with user verification is two factors. MFA for passwords is a property of the construct."
	}
	if p.props.Plan != awscognito.FeaturePlan_PLUS {
		reasons[rulePlusPlan] = "Passkeys can't be guessed, reused or phished, which is what the threat protection of Plus looks for. The plan is a property of the construct."
	}
	acknowledge(pool, reasons)
}

func (p *Passkeys) signInAliases() *awscognito.SignInAliases {
	switch p.props.SignIn {
	case SignInPhone:
		return &awscognito.SignInAliases{Phone: jsii.Bool(true)}
	case SignInUserName:
		return &awscognito.SignInAliases{Username: jsii.Bool(true), Email: jsii.Bool(true), PreferredUsername: jsii.Bool(true)}
	default:
		return &awscognito.SignInAliases{Email: jsii.Bool(true)}
	}
}

// mfa is written out also when it is off, so that CloudFormation switches it off
// on a pool that had it.
func (p *Passkeys) mfa() awscognito.Mfa {
	if p.props.MFA == MFAOptional {
		return awscognito.Mfa_OPTIONAL
	}
	return awscognito.Mfa_OFF
}

// verifiedAttribute is the one that must be "true" before a user may register a passkey.
func (s SignIn) verifiedAttribute() string {
	if s == SignInPhone {
		return "phone_number_verified"
	}
	return "email_verified"
}

// sessionMinutes is how long a client may take from one challenge to the next:
// Cognito's shortest time, which is how long a passkey challenge lives, unless a
// letter must arrive meanwhile.
func (p Props) sessionMinutes() float64 {
	if len(p.fallbacks()) > 0 {
		return maxMailLifetime.Minutes()
	}
	return 3
}

// addClients makes the app clients that the props ask for, and has the triggers
// serve all of them.
func (p *Passkeys) addClients() {
	p.clients = slices.Clone(p.props.Clients)
	if len(p.clients) == 0 {
		p.clients = append(p.clients, p.newClient("Client", &awscognito.UserPoolClientOptions{
			AuthFlows: p.props.authFlows(awscognito.AuthFlow{UserSrp: jsii.Bool(!p.props.areOut())}),
			OAuth:     p.props.loginSettings(),
		}))
	}
	if p.props.BackendClient {
		p.backend = p.newClient("BackendClient", &awscognito.UserPoolClientOptions{
			AuthFlows:      p.props.authFlows(awscognito.AuthFlow{AdminUserPassword: jsii.Bool(!p.props.areOut())}),
			GenerateSecret: jsii.Bool(true),
		})
		p.clients = append(p.clients, p.backend)
	}
	if p.triggers == nil {
		return
	}
	for _, client := range p.clients {
		if p.takesTickets(client) {
			p.triggers.Serve(client, MethodTicket)
		} else {
			p.triggers.Serve(client)
		}
	}
}

// takesTickets reports whether a backend may sign users in on an app client.
func (p *Passkeys) takesTickets(client awscognito.IUserPoolClient) bool {
	if p.props.Tickets == nil {
		return false
	}
	listed := p.props.Tickets.Clients
	if len(listed) == 0 {
		listed = []awscognito.IUserPoolClient{p.backend}
	}
	return slices.ContainsFunc(listed, func(c awscognito.IUserPoolClient) bool { return isSame(c, client) })
}

// newClient completes options with what every client of the pool has. Clients
// may write the user's own profile and nothing else, above all not the marker attribute.
func (p *Passkeys) newClient(id string, options *awscognito.UserPoolClientOptions) awscognito.UserPoolClient {
	byPhone := jsii.Bool(p.props.SignIn == SignInPhone)
	profile := awscognito.StandardAttributesMask{
		Email:             jsii.Bool(true),
		PhoneNumber:       byPhone,
		PreferredUsername: jsii.Bool(true),
		Fullname:          jsii.Bool(true),
		GivenName:         jsii.Bool(true),
		FamilyName:        jsii.Bool(true),
		Locale:            jsii.Bool(true),
		Timezone:          jsii.Bool(true),
		ProfilePicture:    jsii.Bool(true),
	}
	options.WriteAttributes = awscognito.NewClientAttributes().WithStandardAttributes(&profile)
	profile.EmailVerified, profile.PhoneNumberVerified = jsii.Bool(true), byPhone
	options.ReadAttributes = awscognito.NewClientAttributes().WithStandardAttributes(&profile)

	options.DisableOAuth = jsii.Bool(options.OAuth == nil)
	options.PreventUserExistenceErrors = jsii.Bool(true)
	options.EnableTokenRevocation = jsii.Bool(true)
	options.AuthSessionValidity = awscdk.Duration_Minutes(jsii.Number(p.props.sessionMinutes()))
	options.AccessTokenValidity = awscdk.Duration_Hours(jsii.Number(1))
	options.IdTokenValidity = awscdk.Duration_Hours(jsii.Number(1))
	options.RefreshTokenValidity = awscdk.Duration_Days(jsii.Number(30))

	return p.pool.AddClient(jsii.String(id), options)
}
