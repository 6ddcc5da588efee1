package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider/service"
)

// setting is one key of the context.
type setting struct {
	key     string
	unset   string // the value that an absent key stands for; in parentheses if it can't be written so
	meaning string
	read    func(r *reader, key string, c *configuration)
}

// settings lists all there are, in the README's order.
var settings = []setting{
	{"relyingPartyId", "(required)", "domain that passkeys belong to: the host of every web origin or a parent domain of it; passkeys can't move to another one later",
		func(r *reader, key string, c *configuration) { c.props.RelyingPartyID = r.text(key) }},
	{"origins", "(required)", "pages and apps that may ask for passkeys, such as `https://example.com` or `android:apk-key-hash:…`; a list, or one text with commas",
		func(r *reader, key string, c *configuration) { c.props.Origins = r.list(key) }},
	{"relatedOrigins", "(none)", "web origins outside that domain that may ask for its passkeys too; `https://<relyingPartyId>/.well-known/webauthn` must serve the output `RelatedOriginsDocument`",
		func(r *reader, key string, c *configuration) { c.props.RelatedOrigins = r.list(key) }},
	{"relyingPartyName", "(relyingPartyId)", "what authenticators show to the user",
		func(r *reader, key string, c *configuration) { c.props.RelyingPartyName = r.text(key) }},
	{"userVerification", "required", "whether an authenticator must check a fingerprint, a face or a PIN: `required`, `preferred` or `discouraged`",
		func(r *reader, key string, c *configuration) {
			c.props.UserVerification = passkeys.UserVerification(r.text(key))
		}},
	{"counterPolicy", "(by backup)", "what a signature counter means that did not increase: `reject`, `flag` or `ignore`; without it, device-bound passkeys are refused and synced ones accepted and reported",
		func(r *reader, key string, c *configuration) {
			c.props.CounterPolicy = passkeys.CounterPolicy(r.text(key))
		}},
	{"maxPasskeys", "20", "how many passkeys one user may have, from 1 to 50",
		func(r *reader, key string, c *configuration) { c.props.MaxPasskeys = r.count(key) }},
	{"recentAuthentication", "5m", "how long after a sign-in a user may add or remove passkeys, from `1m` to `1h`",
		func(r *reader, key string, c *configuration) { c.props.RecentAuthentication = r.duration(key) }},
	{"userPoolId", "(a new pool)", "a user pool that exists, from another stack or made by hand: it gets the triggers, and nothing else of it changes",
		func(r *reader, key string, c *configuration) {
			c.existing.userPoolID = r.matching(key, userPoolID, "use the id of a user pool, such as \"eu-west-1_AbCdEf123\"")
		}},
	{"clientIds", "(a new client)", "app clients of that pool whose users may sign in with passkeys; each must allow custom authentication and prevent user existence errors",
		func(r *reader, key string, c *configuration) { c.existing.clientIDs = r.list(key) }},
	{"replaceTriggers", "(none)", "triggers of that pool that may be replaced: `DefineAuthChallenge`, `CreateAuthChallenge`, `VerifyAuthChallengeResponse`, and with passwords or signUp `PreSignUp`, `PostConfirmation`, `PreAuthentication`",
		func(r *reader, key string, c *configuration) { c.existing.replace = r.list(key) }},
	{"attachment", "0", "attaches the triggers to that pool again once for each increase, after the stack that owns it took them away",
		func(r *reader, key string, c *configuration) { c.existing.attachment = r.count(key) }},
	{"smsRoleArn", "(no text messages)", "role by which that pool sends text messages",
		func(r *reader, key string, c *configuration) {
			c.existing.smsRoleARN = r.matching(key, roleARN, "use the ARN of a role")
		}},
	{"senderKeyArn", "(no custom senders)", "KMS key of that pool's custom senders of e-mail or text messages",
		func(r *reader, key string, c *configuration) {
			c.existing.senderKeyARN = r.matching(key, keyARN, "use the ARN of a KMS key")
		}},
	{"caseSensitiveUserNames", "false", "whether that pool tells `Ann` from `ann`",
		func(r *reader, key string, c *configuration) { c.existing.caseSensitive = r.isOn(key) }},
	{"tableName", "(a new table)", "a table of your own, with the keys and the time-to-live attribute of the construct's",
		func(r *reader, key string, c *configuration) { c.existing.tableName = r.text(key) }},
	{"encryptionKeyArn", "(AWS's own keys)", "KMS key that encrypts the table, the secrets, the logs and the functions' settings; its policy must let CloudWatch Logs use it",
		func(r *reader, key string, c *configuration) {
			c.existing.encryptionKeyARN = r.matching(key, keyARN, "use the ARN of a KMS key")
		}},
	{"signIn", "email", "what users type: `email`, `phone`, or `username` with e-mail address and preferred user name as aliases; a pool that exists can't change it",
		func(r *reader, key string, c *configuration) { c.props.SignIn = passkeys.SignIn(r.text(key)) }},
	{"selfSignUp", "(true)", "whether users may create their own accounts at Cognito; `false` by default where signUp or passwords closes that way",
		func(r *reader, key string, c *configuration) { c.props.SelfSignUp = r.flag(key) }},
	{"mfa", "off", "whether users may add an authenticator app to their password: `off` or `optional`; passkeys skip it",
		func(r *reader, key string, c *configuration) { c.props.MFA = passkeys.MFA(r.text(key)) }},
	{"native", "off", "passkeys that Cognito itself keeps: `off`, `beside` the stack's own, or `only` those, without triggers, table, secrets and HTTP API",
		func(r *reader, key string, c *configuration) {
			c.nativeMode = r.oneOf(key, nativeOff, string(passkeys.NativeBeside), string(passkeys.NativeOnly))
		}},
	{"nativeRelyingPartyId", "(relyingPartyId)", "domain that Cognito's passkeys belong to",
		func(r *reader, key string, c *configuration) { c.native.RelyingPartyID = r.text(key) }},
	{"nativeUserVerification", "(userVerification)", "whether an authenticator must check a fingerprint, a face or a PIN for them: `required` or `preferred`",
		func(r *reader, key string, c *configuration) {
			c.native.UserVerification = passkeys.UserVerification(r.text(key))
		}},
	{"nativeFactorConfiguration", "(single_factor)", "whether they stand for MFA: `single_factor` or `multi_factor_with_user_verification`",
		func(r *reader, key string, c *configuration) {
			c.native.FactorConfiguration = passkeys.FactorConfiguration(strings.ToUpper(r.text(key)))
		}},
	{"nativeAllowedFirstAuthFactors", "(password, passkey)", "what users may begin a sign-in with: `password` and `passkey`, and perhaps `email_otp` or `sms_otp`; a list, or one text with commas",
		func(r *reader, key string, c *configuration) {
			c.native.AllowedFirstAuthFactors = readFirstFactors(r, key)
		}},
	{"managedLoginDomainPrefix", "(none)", "adds Cognito's own sign-in pages at `<prefix>.auth.<region>.amazoncognito.com`; passkeys work there only if that domain is nativeRelyingPartyId",
		func(r *reader, key string, c *configuration) { c.login.DomainPrefix = r.text(key) }},
	{"managedLoginCallbackUrls", "(none)", "where those pages may send a user who has signed in; a list, or one text with commas",
		func(r *reader, key string, c *configuration) { c.login.CallbackURLs = r.list(key) }},
	{"managedLoginLogoutUrls", "(none)", "where they may send a user who has signed out; a list, or one text with commas",
		func(r *reader, key string, c *configuration) { c.login.LogoutURLs = r.list(key) }},
	{"plan", "(lite)", "Cognito's feature plan: `lite`, `essentials` or `plus`; `essentials` by default with native passkeys",
		func(r *reader, key string, c *configuration) {
			c.props.Plan = awscognito.FeaturePlan(strings.ToUpper(r.text(key)))
		}},
	{"emailFrom", "(Cognito's own address)", "sender of the pool's mail, an address of an SES identity; Cognito itself sends at most 50 messages a day",
		func(r *reader, key string, c *configuration) { c.email.FromEmail = r.optional(key) }},
	{"emailFromName", "(none)", "name beside that address",
		func(r *reader, key string, c *configuration) { c.email.FromName = r.optional(key) }},
	{"emailReplyTo", "(emailFrom)", "where answers go",
		func(r *reader, key string, c *configuration) { c.email.ReplyTo = r.optional(key) }},
	{"emailSesRegion", "(the stack's)", "region of the SES identity",
		func(r *reader, key string, c *configuration) { c.email.SesRegion = r.optional(key) }},
	{"emailSesDomain", "(emailFrom alone)", "verified domain of the SES identity, if it is a domain",
		func(r *reader, key string, c *configuration) { c.email.SesVerifiedDomain = r.optional(key) }},
	{"emailSesConfigurationSet", "(none)", "configuration set of SES",
		func(r *reader, key string, c *configuration) { c.email.ConfigurationSetName = r.optional(key) }},
	{"firewall", "false", "puts a web ACL before the pool that limits what one source address may ask of it, for about $7 a month",
		func(r *reader, key string, c *configuration) { c.firewalled = r.isOn(key) }},
	{"firewallRequests", "(2000)", "requests to the pool that an address may make in five minutes",
		func(r *reader, key string, c *configuration) { c.firewall.Requests = r.count(key) }},
	{"firewallAnswers", "(300)", "how many of them may answer a challenge, sign up or ask for a code",
		func(r *reader, key string, c *configuration) { c.firewall.Answers = r.count(key) }},
	{"backendClient", "false", "adds a confidential app client, with a secret, for servers that sign users in",
		func(r *reader, key string, c *configuration) { c.props.BackendClient = r.isOn(key) }},
	{"markerAttribute", "created_by", "custom attribute, without `custom:`, that marks who created a user; no app client may write it",
		func(r *reader, key string, c *configuration) { c.props.MarkerAttribute = r.text(key) }},
	{"markerValue", "passkeys", "value of that attribute for users that a backend creates for passkeys",
		func(r *reader, key string, c *configuration) { c.props.MarkerValue = r.text(key) }},
	{"parameterPath", "/passkeys/CognitoPasskeys/Passkeys", "path in Parameter Store below which the secrets lie, with the stack's name in it; another path makes new secrets",
		func(r *reader, key string, c *configuration) { c.props.ParameterPath = r.text(key) }},
	{"stampRotation", "0", "rotates the key that signs challenges once for each increase; sign-ins go on",
		func(r *reader, key string, c *configuration) { c.props.StampRotation = r.count(key) }},
	{"decoyRotation", "0", "replaces the key of false passkey lists once for each increase; only after a leak, because the change shows which lists are false",
		func(r *reader, key string, c *configuration) { c.props.DecoyRotation = r.count(key) }},
	{"removalPolicy", "retain", "what happens to pool, table, secrets and logs when they leave the stack: `retain`, with deletion protection, or `destroy`",
		func(r *reader, key string, c *configuration) {
			c.props.RemovalPolicy = awscdk.RemovalPolicy(strings.ToUpper(r.text(key)))
		}},
	{"stampParameter", "(a new key)", "SecureString parameter that holds a key ring of your own for challenges, as `go run ./infra/admin new-key` prints it",
		func(r *reader, key string, c *configuration) { c.props.StampKey = existingKey(r.text(key)) }},
	{"decoyParameter", "(a new key)", "SecureString parameter that holds a key ring of your own for false passkey lists",
		func(r *reader, key string, c *configuration) { c.props.DecoyKey = existingKey(r.text(key)) }},
	{"corbado", "false", "serves users whose passkeys are with Corbado Connect; their secret is put into a parameter, as Beside vendors says",
		func(r *reader, key string, c *configuration) { c.vendors.corbado = r.isOn(key) }},
	{"corbadoUrl", "(Corbado's)", "address of Corbado's backend API",
		func(r *reader, key string, c *configuration) { c.vendors.corbadoConnect.BaseURL = r.text(key) }},
	{"corbadoParameter", "(parameterPath and `/corbado`)", "SecureString parameter that holds the base64 text of `<project id>:<API secret>`",
		func(r *reader, key string, c *configuration) { c.vendors.corbadoConnect.SecretParameter = r.text(key) }},
	{"corbadoActions", "false", "answers Corbado's pre-login and post-append actions",
		func(r *reader, key string, c *configuration) { c.vendors.actions = r.isOn(key) }},
	{"corbadoActionsParameter", "(parameterPath and `/corbado-actions`)", "SecureString parameter that holds `<user>:<password>` of Corbado's requests",
		func(r *reader, key string, c *configuration) {
			c.vendors.corbadoActions.CredentialsParameter = r.text(key)
		}},
	{"corbadoSecondFactor", "(a pool without MFA)", "what post-append gives users who have no second factor: `SMS_MFA`, `EMAIL_OTP` or `SOFTWARE_TOKEN_MFA`",
		func(r *reader, key string, c *configuration) { c.vendors.corbadoActions.SecondFactor = r.text(key) }},
	{"corbadoHostedAccount", "(none)", "account whose functions, which Corbado hosts, may call AdminGetUser, ListUsers and AdminSetUserMFAPreference of the pool",
		func(r *reader, key string, c *configuration) { c.vendors.corbadoHosted.AccountID = r.text(key) }},
	{"corbadoHostedExternalId", "(required with corbadoHostedAccount)", "external id that Corbado names",
		func(r *reader, key string, c *configuration) { c.vendors.corbadoHosted.ExternalID = r.text(key) }},
	{"passageApp", "(none)", "app at a service that speaks the protocol of Passage Flex, whose users are served",
		func(r *reader, key string, c *configuration) { c.vendors.passage.AppID = r.text(key) }},
	{"passageUrl", "(required with passageApp)", "address of that service's API",
		func(r *reader, key string, c *configuration) { c.vendors.passage.BaseURL = r.text(key) }},
	{"passageParameter", "(parameterPath and `/passage`)", "SecureString parameter that holds the API key",
		func(r *reader, key string, c *configuration) { c.vendors.passage.SecretParameter = r.text(key) }},
	{"passageTransactionForm", "uuid", "what the service's transaction ids look like, for those that are made up: `uuid`, or an alphabet and a length such as `alphanumeric:24`",
		func(r *reader, key string, c *configuration) {
			c.vendors.passage.TransactionForm = service.Form(r.text(key))
		}},
	{"httpProvider", "(none)", "description of another service whose users are served, as an object",
		func(r *reader, key string, c *configuration) { c.vendors.provider = r.object(key) }},
	{"httpProviderParameter", "(parameterPath and `/provider`)", "SecureString parameter that holds that service's secret",
		func(r *reader, key string, c *configuration) { c.vendors.providerParameter = r.text(key) }},
	{"tickets", "false", "lets a trusted backend sign in users whom it has authenticated itself, on the backend client",
		func(r *reader, key string, c *configuration) { c.vendors.tickets = r.isOn(key) }},
	{"ticketClientIds", "(the backend client)", "app clients of clientIds that take tickets",
		func(r *reader, key string, c *configuration) { c.vendors.ticketClientIDs = r.list(key) }},
	{"ticketRotation", "0", "rotates the key that signs tickets once for each increase",
		func(r *reader, key string, c *configuration) { c.vendors.ticket.Rotation = r.count(key) }},
	{"ticketParameter", "(a new key)", "SecureString parameter that holds a key ring of your own for tickets",
		func(r *reader, key string, c *configuration) { c.vendors.ticket.Key = existingKey(r.text(key)) }},
	{"emailCode", "false", "mails a code of eight digits to users who have no passkey at hand, as [Signing in by mail](#signing-in-by-mail) says",
		func(r *reader, key string, c *configuration) { c.mail.codes = r.isOn(key) }},
	{"emailCodeLifetime", "(10m)", "how long a code is good for, from `1m` to `15m`",
		func(r *reader, key string, c *configuration) { c.mail.code.Lifetime = r.duration(key) }},
	{"emailLinkUrls", "(no links)", "mails links that open these pages, of which the first is the default; a list, or one text with commas",
		func(r *reader, key string, c *configuration) { c.mail.link.RedirectURLs = r.list(key) }},
	{"emailLinkLifetime", "(15m)", "how long a link is good for, from `1m` to `15m`",
		func(r *reader, key string, c *configuration) { c.mail.link.Lifetime = r.duration(key) }},
	{"emailLinkAnyBrowser", "false", "takes a link in another browser than the one that asked; this can be phished",
		func(r *reader, key string, c *configuration) { c.mail.link.AnyBrowser = r.isOn(key) }},
	{"mailFrom", "(required with emailCode or emailLinkUrls)", "sender of codes and links, of an identity that SES has verified",
		func(r *reader, key string, c *configuration) { c.mail.mail.From = r.text(key) }},
	{"mailFromName", "(relyingPartyName)", "name beside that address, and of the service in mails",
		func(r *reader, key string, c *configuration) { c.mail.mail.FromName = r.text(key) }},
	{"mailIdentity", "(mailFrom)", "domain that SES has verified, of mailFrom or above it",
		func(r *reader, key string, c *configuration) { c.mail.mail.Identity = r.text(key) }},
	{"mailConfigurationSet", "(none)", "configuration set of SES for codes and links",
		func(r *reader, key string, c *configuration) { c.mail.mail.ConfigurationSet = r.text(key) }},
	{"mailTemplates", "(the construct's)", "folder of templates of your own, as [shared/mail/words](shared/mail/words/words.go) says",
		func(r *reader, key string, c *configuration) { c.mail.mail.Templates = r.text(key) }},
	{"mailLanguage", "(en)", "language of mails to users whose attribute `locale` names none that is there",
		func(r *reader, key string, c *configuration) { c.mail.mail.Language = r.text(key) }},
	{"mailRotation", "0", "replaces the key of codes and links once for each increase; links that were mailed stay good",
		func(r *reader, key string, c *configuration) { c.mail.mail.Rotation = r.count(key) }},
	{"mailParameter", "(a new key)", "SecureString parameter that holds a key ring of your own for codes and links",
		func(r *reader, key string, c *configuration) { c.mail.mail.Key = existingKey(r.text(key)) }},
	{"smsCode", "false", "sends a code of eight digits in a text message to users who have no passkey at hand, as [Text messages](#text-messages) says",
		func(r *reader, key string, c *configuration) { c.texts.on = r.isOn(key) }},
	{"smsOriginationIdentity", "(required with smsCode)", "ARN of the phone number, pool or sender id of AWS End User Messaging that text messages come from",
		func(r *reader, key string, c *configuration) { c.texts.code.OriginationIdentity = r.text(key) }},
	{"smsCountryCodes", "(required with smsCode)", "beginnings of the phone numbers that get text messages, such as `+49`; a list, or one text with commas",
		func(r *reader, key string, c *configuration) { c.texts.code.CountryCodes = r.list(key) }},
	{"smsMaxPerDay", "(100)", "text messages that there may be in a day, to all users",
		func(r *reader, key string, c *configuration) { c.texts.code.MaxPerDay = r.count(key) }},
	{"smsMaxPrice", "(0.20)", "US dollars that one text message may cost; AWS sends none that is dearer",
		func(r *reader, key string, c *configuration) { c.texts.code.MaxPrice = r.text(key) }},
	{"smsMonthlySpend", "(50)", "US dollars that the account spends on text messages in a month before an alarm goes off",
		func(r *reader, key string, c *configuration) { c.props.Thresholds.TextSpend = r.count(key) }},
	{"smsProtectConfiguration", "(the account's)", "id of rules of AWS End User Messaging that allow and block countries",
		func(r *reader, key string, c *configuration) { c.texts.code.ProtectConfiguration = r.text(key) }},
	{"smsStepUpOnly", "false", "takes a code only beside a live access token of the same user: nobody signs in by a phone alone",
		func(r *reader, key string, c *configuration) { c.texts.code.StepUpOnly = r.isOn(key) }},
	{"smsCodeLifetime", "(5m)", "how long a code is good for, from `1m` to `15m`",
		func(r *reader, key string, c *configuration) { c.texts.code.Lifetime = r.duration(key) }},
	{"smsSiteName", "(relyingPartyName)", "name of the service in text messages",
		func(r *reader, key string, c *configuration) { c.texts.code.SiteName = r.text(key) }},
	{"smsTemplates", "(the construct's)", "folder of templates of your own, as [shared/mail/words](shared/mail/words/textmessage.go) says",
		func(r *reader, key string, c *configuration) { c.texts.code.Templates = r.text(key) }},
	{"smsLanguage", "(en)", "language of text messages to users whose attribute `locale` names none that is there",
		func(r *reader, key string, c *configuration) { c.texts.code.Language = r.text(key) }},
	{"smsRotation", "0", "replaces the key of codes in text messages once for each increase",
		func(r *reader, key string, c *configuration) { c.texts.code.Rotation = r.count(key) }},
	{"smsParameter", "(a new key)", "SecureString parameter that holds a key ring of your own for codes in text messages",
		func(r *reader, key string, c *configuration) { c.texts.code.Key = existingKey(r.text(key)) }},
	{"signInPolicy", "(passkey-preferred)", "`passkey-preferred`: a mail or a text message may stand in for a passkey; `passkey-required`: not for users who have one",
		func(r *reader, key string, c *configuration) {
			c.props.SignInPolicy = passkeys.SignInPolicy(r.text(key))
		}},
	{"passkeyRequiredClientIds", "(none)", "app clients of clientIds with `passkey-required` whatever signInPolicy is",
		func(r *reader, key string, c *configuration) { c.mail.requiredClientIDs = r.list(key) }},
	{"signUp", "cognito", "how accounts are made: `cognito` leaves that to Cognito's SignUp, `passkey-first` makes them without a password for who proves an e-mail address, `known` so too, but only for people on the roster",
		func(r *reader, key string, c *configuration) {
			c.accounts.signUp = r.oneOf(key, signUpCognito, signUpPasskeyFirst, signUpKnown)
		}},
	{"rosterRotation", "0", "replaces the pepper of the roster once for each increase; only after a leak, and with an import of the roster before the next",
		func(r *reader, key string, c *configuration) { c.accounts.roster.RosterRotation = r.count(key) }},
	{"rosterParameter", "(a new key)", "SecureString parameter that holds a key ring of your own with the pepper of the roster",
		func(r *reader, key string, c *configuration) { c.accounts.roster.RosterKey = existingKey(r.text(key)) }},
	{"recovery", "false", "lets users back in who have lost all their passkeys, by proof of their e-mail address",
		func(r *reader, key string, c *configuration) { c.accounts.recovers = r.isOn(key) }},
	{"recoveryDelay", "(24h)", "how long a recovery waits for the owner to void it, from `0s` to `720h`",
		func(r *reader, key string, c *configuration) { c.accounts.recoveryDelay = r.delay(key) }},
	{"recoveryKeepsPasskeys", "false", "whether a recovery leaves the user's passkeys as they are",
		func(r *reader, key string, c *configuration) { c.accounts.keepsPasskeys = r.isOn(key) }},
	{"passwords", "keep", "how far passwords are phased out: `keep`, `separate`, `phase-out` or `off`, as [Phasing passwords out](#phasing-passwords-out) says",
		func(r *reader, key string, c *configuration) { c.props.Passwords = passkeys.Passwords(r.text(key)) }},
	{"passwordClientIds", "(a new client)", "app clients of userPoolId that are there for passwords, with `separate` and `phase-out`; each must allow no other sign-in and prevent user existence errors",
		func(r *reader, key string, c *configuration) { c.existing.passwordClientIDs = r.list(key) }},
	{"architecture", "arm64", "what the functions are built for: `arm64` or `x86_64`",
		func(r *reader, key string, c *configuration) { c.props.Architecture = readArchitecture(r, key) }},
	{"logRetention", "three_months", "how long logs are kept: `one_week`, `one_month`, `three_months`, `six_months`, `one_year` or `infinite`",
		func(r *reader, key string, c *configuration) { c.props.LogRetention = readLogRetention(r, key) }},
	{"alarms", "true", "whether CloudWatch watches the stack, for about $2 a month; [Alarms](#alarms) lists them",
		func(r *reader, key string, c *configuration) { c.props.Alarms = r.flag(key) }},
	{"alarmTopicArn", "(none)", "SNS topic that is told when an alarm goes off and when it is over",
		func(r *reader, key string, c *configuration) {
			c.existing.alarmTopicARN = r.matching(key, topicARN, "use the ARN of an SNS topic")
		}},
	{"refusalThreshold", "50", "how many refused answers in five minutes are an alarm: several times what is usual for your users",
		func(r *reader, key string, c *configuration) { c.props.Thresholds.Refusals = r.count(key) }},
	{"dashboard", "true", "whether there is a CloudWatch dashboard: $3 a month for each after an account's first three",
		func(r *reader, key string, c *configuration) { c.props.Dashboard = r.flag(key) }},
	{"auditBus", "(none)", "name of the EventBridge bus that gets [audit events](#audit-events), `default` for the account's default bus",
		func(r *reader, key string, c *configuration) {
			c.existing.auditBus = r.matching(key, busName, "use the name of an event bus, not its ARN")
		}},
	{"tracing", "false", "whether X-Ray follows the functions' calls",
		func(r *reader, key string, c *configuration) { c.props.Tracing = r.isOn(key) }},
	{"memorySize", "512", "memory of each function in MB",
		func(r *reader, key string, c *configuration) { c.props.MemorySize = r.count(key) }},
	{"reservedConcurrency", "0", "concurrent executions that each function of sign-ins has for itself, and at most; 0 shares the account's",
		func(r *reader, key string, c *configuration) { c.props.ReservedConcurrency = r.count(key) }},
	{"provisionedConcurrency", "0", "instances of each function of sign-ins that are kept started, against cold starts",
		func(r *reader, key string, c *configuration) { c.props.ProvisionedConcurrency = r.count(key) }},
	{"rollout", "all_at_once", "how traffic moves to a new version of the functions, and back on errors: `all_at_once`, `canary_10percent_5minutes`, `canary_10percent_15minutes`, `linear_10percent_every_1minute`",
		func(r *reader, key string, c *configuration) { c.props.Rollout = readRollout(r, key) }},
	{"apiDomain", "(API Gateway's)", "domain of your own for the HTTP API; you set its DNS record",
		func(r *reader, key string, c *configuration) { c.existing.apiDomain = r.text(key) }},
	{"apiCertificateArn", "(required with apiDomain)", "certificate of that domain in ACM, in the stack's region",
		func(r *reader, key string, c *configuration) {
			c.existing.apiCertificateARN = r.matching(key, certificateARN, "use the ARN of a certificate in ACM")
		}},
	{"apiBasePath", "(the root)", "path of that domain below which the API lies, such as `auth`",
		func(r *reader, key string, c *configuration) { c.existing.apiBasePath = r.text(key) }},
	{"apiRateLimit", "100", "requests a second that the whole HTTP API takes; goes with apiBurstLimit",
		func(r *reader, key string, c *configuration) { c.rateLimit = r.count(key) }},
	{"apiBurstLimit", "200", "requests that it takes at once; goes with apiRateLimit",
		func(r *reader, key string, c *configuration) { c.burstLimit = r.count(key) }},
	{"stackName", defaultStackName, "name of the stack",
		func(r *reader, key string, c *configuration) { c.stackName = readStackName(r, key) }},
}
