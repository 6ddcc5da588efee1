package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

const (
	poolID      = "us-east-1_Theirs001"
	otherPoolID = "us-east-1_Theirs002"
	functions   = "arn:aws:lambda:us-east-1:000000000000:function:"
)

// object is a JSON object: name → value.
type object map[string]any

// theirs is a pool that somebody made by hand, with a setting of every kind.
var theirs = object{
	"UserPoolName":           "Customers",
	"UsernameAttributes":     []string{"email"},
	"AutoVerifiedAttributes": []string{"email"},
	"UsernameConfiguration":  object{"CaseSensitive": false},
	"AccountRecoverySetting": object{"RecoveryMechanisms": []object{{"Name": "verified_email", "Priority": 1}}},
	"AdminCreateUserConfig": object{
		"AllowAdminCreateUserOnly": true, "InviteMessageTemplate": object{"EmailMessage": "Hello {username}, {####}", "EmailSubject": "Hello"},
	},
	"DeletionProtection":          "ACTIVE",
	"DeviceConfiguration":         object{"ChallengeRequiredOnNewDevice": true, "DeviceOnlyRememberedOnUserPrompt": true},
	"EmailConfiguration":          object{"EmailSendingAccount": "DEVELOPER", "From": "a@example.com", "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/example.com"},
	"EnabledMfas":                 []string{"SOFTWARE_TOKEN_MFA"},
	"IssuerConfiguration":         object{"Type": "ORIGINAL"},
	"KeyConfiguration":            object{"KeyType": "AWS_OWNED_KEY"},
	"LambdaConfig":                object{"PreSignUp": functions + "presignup", "PreTokenGeneration": functions + "pretoken"},
	"MfaConfiguration":            "OPTIONAL",
	"Policies":                    object{"PasswordPolicy": object{"MinimumLength": 12, "TemporaryPasswordValidityDays": 3}, "SignInPolicy": object{"AllowedFirstAuthFactors": []string{"PASSWORD"}}},
	"Schema":                      []object{{"Name": "tier", "AttributeDataType": "Number"}, {"Name": "code", "Mutable": false}, {"Name": "origin"}},
	"SmsConfiguration":            object{"SnsCallerArn": "arn:aws:iam::000000000000:role/Texts", "ExternalId": "x", "SnsRegion": "us-east-1"},
	"UserPoolAddOns":              object{"AdvancedSecurityMode": "AUDIT"},
	"UserPoolTags":                object{"team": "accounts"},
	"UserPoolTier":                "PLUS",
	"SmsAuthenticationMessage":    "Sign in with {####}",
	"UserAttributeUpdateSettings": object{"AttributesRequireVerificationBeforeUpdate": []string{"email"}},
	"VerificationMessageTemplate": object{"DefaultEmailOption": "CONFIRM_WITH_CODE", "EmailMessage": "Code {####}", "EmailSubject": "Code", "SmsMessage": "{####}"},
}

// with is a copy with one setting that differs.
func (o object) with(name string, value any) object {
	changed := object{}
	for n, v := range o {
		changed[n] = v
	}
	changed[name] = value
	return changed
}

func (o object) json(t *testing.T) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// suitable are the properties of an app client that may be served.
var suitable = object{"ExplicitAuthFlows": []string{"ALLOW_CUSTOM_AUTH"}, "PreventUserExistenceErrors": "ENABLED"}

// poolWorld is a world with user pools of others.
type poolWorld struct {
	*world
	pools  map[string]*userpool.Pool // id → pool
	hand   *cognito.Client           // what the pool's owner uses
	before func(operation string) (refusal string)
	lose   bool // whether the answers to UpdateUserPool are lost
	paused []time.Duration
}

// newPoolWorld makes a world with one pool of others and its app client.
func newPoolWorld(t *testing.T, pool object) *poolWorld {
	t.Helper()
	w := &poolWorld{world: newWorld(t), pools: map[string]*userpool.Pool{}, before: func(string) string { return "" }}
	w.addPool(t, poolID, pool)
	w.addClient(t, client, suitable)
	w.hand = cognito.NewFromConfig(config(t, http.HandlerFunc(w.toPool)))
	pools := cognito.NewFromConfig(config(t, http.HandlerFunc(w.serveCognito)))
	w.handler.userPools = userPools{pools, displacedTriggers{w.table}, func(_ context.Context, d time.Duration) error {
		w.paused = append(w.paused, d)
		return nil
	}}
	w.send = cfn.LambdaWrap(w.handler.handle)
	return w
}

func (w *poolWorld) addPool(t *testing.T, id string, settings object) {
	t.Helper()
	pool, err := userpool.New(id, settings.json(t), userpool.Options{
		Region: "us-east-1", AccountID: "000000000000",
		Invoke: func(context.Context, string, []byte) ([]byte, error) { return nil, errors.New("nobody signs in here") },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.pools[id] = pool
}

func (w *poolWorld) addClient(t *testing.T, id string, properties object) {
	t.Helper()
	if err := w.pools[poolID].AddClient(id, properties.with("UserPoolId", poolID).json(t)); err != nil {
		t.Fatal(err)
	}
}

// serveCognito is what the function reaches, where operations may be refused.
func (w *poolWorld) serveCognito(rw http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if code := w.before(operation); code != "" {
		refuse(rw, code)
		return
	}
	if w.lose && operation == "UpdateUserPool" {
		w.toPool(httptest.NewRecorder(), r)
		http.Error(rw, "", http.StatusInternalServerError)
		return
	}
	w.toPool(rw, r)
}

func (w *poolWorld) toPool(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request struct {
		UserPoolID string `json:"UserPoolId"`
	}
	if err == nil {
		err = json.Unmarshal(body, &request)
	}
	pool := w.pools[request.UserPoolID]
	if err != nil || pool == nil {
		refuse(rw, "ResourceNotFoundException")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	pool.ServeHTTP(rw, r)
}

// described is a pool as its owner sees it.
func (w *poolWorld) described(t *testing.T, id string) *types.UserPoolType {
	t.Helper()
	out, err := w.hand.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: &id})
	if err != nil {
		t.Fatal(err)
	}
	return out.UserPool
}

// byHand changes the pool as its owner does who knows that an update needs everything.
func (w *poolWorld) byHand(t *testing.T, change func(*cognito.UpdateUserPoolInput)) {
	t.Helper()
	update := updateOf(w.described(t, poolID))
	change(update)
	if _, err := w.hand.UpdateUserPool(t.Context(), update); err != nil {
		t.Fatal(err)
	}
}

// same checks that pools are alike, but for the time of their last change.
func same(t *testing.T, when string, want, got *types.UserPoolType) {
	t.Helper()
	text := func(pool *types.UserPoolType) map[string]any {
		undated := *pool
		undated.LastModifiedDate = nil
		encoded, err := json.Marshal(undated)
		if err != nil {
			t.Fatal(err)
		}
		var settings map[string]any
		if err := json.Unmarshal(encoded, &settings); err != nil {
			t.Fatal(err)
		}
		return settings
	}
	if diff := cmp.Diff(text(want), text(got)); diff != "" {
		t.Errorf("%s, the pool has other settings (-want +got):\n%s", when, diff)
	}
}

// triggers of custom authentication that a pool has; empty where there is none.
func triggers(pool *types.UserPoolType) [3]string {
	c := pool.LambdaConfig
	return [3]string{aws.ToString(c.DefineAuthChallenge), aws.ToString(c.CreateAuthChallenge), aws.ToString(c.VerifyAuthChallengeResponse)}
}

// of is the triggers of one version of the stack's functions.
func of(version string) [3]string {
	return [3]string{functions + "define" + version, functions + "create" + version, functions + "verify" + version}
}

// attaching is the property for one version of the functions, beside further ones: trigger → ARN.
func attaching(version string, further ...object) object {
	triggers := map[string]any{
		provisioning.TriggerDefine: of(version)[0], provisioning.TriggerCreate: of(version)[1], provisioning.TriggerVerify: of(version)[2],
	}
	for _, more := range further {
		maps.Copy(triggers, more)
	}
	return object{provisioning.Triggers: triggers}
}

// poolProps are the properties of the custom resource for the first version of the functions.
func poolProps(change ...object) map[string]any {
	properties := map[string]any{
		"ServiceToken":                "arn:aws:lambda:us-east-1:000000000000:function:provision",
		provisioning.TableName:        tableName,
		provisioning.UserPoolID:       poolID,
		provisioning.Triggers:         attaching("1")[provisioning.Triggers],
		provisioning.Replace:          []any{},
		provisioning.Attributes:       []any{"created_by"},
		provisioning.ClientIDs:        []any{client},
		provisioning.UserVerification: "required",
		provisioning.FoldUserNames:    "true",
		provisioning.Attachment:       "0",
	}
	for _, c := range change {
		for name, value := range c {
			properties[name] = value
		}
	}
	return properties
}

// newFunctions is the change of properties that the second version makes.
var newFunctions = attaching("2")

func (w *poolWorld) create(t *testing.T, properties map[string]any) cfn.Response {
	t.Helper()
	return w.request(t, cfn.Event{RequestType: cfn.RequestCreate, ResourceType: provisioning.PoolType, ResourceProperties: properties})
}

func (w *poolWorld) updateTo(t *testing.T, old, properties map[string]any) cfn.Response {
	t.Helper()
	return w.request(t, cfn.Event{
		RequestType: cfn.RequestUpdate, ResourceType: provisioning.PoolType, PhysicalResourceID: old[provisioning.UserPoolID].(string),
		ResourceProperties: properties, OldResourceProperties: old,
	})
}

func (w *poolWorld) remove(t *testing.T, physicalID string, properties map[string]any) cfn.Response {
	t.Helper()
	return w.request(t, cfn.Event{
		RequestType: cfn.RequestDelete, ResourceType: provisioning.PoolType, PhysicalResourceID: physicalID, ResourceProperties: properties,
	})
}

func mustSucceed(t *testing.T, got cfn.Response) {
	t.Helper()
	if got.Status != cfn.StatusSuccess || got.PhysicalResourceID == "" {
		t.Fatalf("answer %+v", got)
	}
}

func mustFail(t *testing.T, got cfn.Response, words ...string) {
	t.Helper()
	for _, want := range words {
		if got.Status != cfn.StatusFailed || !strings.Contains(got.Reason, want) {
			t.Errorf("answer %s %q, want a failure with %q", got.Status, got.Reason, want)
		}
	}
}
