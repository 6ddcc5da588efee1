package userpool_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
)

func TestPoolPropertiesThatCannotBeHonoured(t *testing.T) {
	for _, tc := range []struct {
		name  string
		more  properties
		words string
	}{
		{"an unknown property", properties{"Colour": "red"}, `unknown field "Colour"`},
		{"a trigger that is not served", properties{"LambdaConfig": properties{"CustomMessage": lambda + "x"}}, `"CustomMessage"`},
		{"an unknown MFA", properties{"MfaConfiguration": "SOMETIMES"}, `MfaConfiguration "SOMETIMES"`},
		{"tokens of another issuer", properties{"IssuerConfiguration": properties{"Type": "UPDATED"}}, `"UPDATED"`},
		{"MFA by text message", properties{"EnabledMfas": []string{"SMS_MFA"}}, `EnabledMfas "SMS_MFA"`},
		{"a memory of passwords", properties{"Policies": properties{"PasswordPolicy": properties{"PasswordHistorySize": 3}}}, "PasswordHistorySize 3"},
		{"names and aliases at once", properties{"AliasAttributes": []string{"email"}}, "exclude each other"},
		{"an attribute for developers", properties{"Schema": []properties{{"Name": "x", "DeveloperOnlyAttribute": true}}}, "DeveloperOnlyAttribute"},
		{"a required custom attribute", properties{"Schema": []properties{{"Name": "x", "Required": true}}}, "can't be required"},
		{"an unknown data type", properties{"Schema": []properties{{"Name": "x", "AttributeDataType": "Blob"}}}, `"Blob"`},
		{"an unknown recovery", properties{"AccountRecoverySetting": properties{"RecoveryMechanisms": []properties{{"Name": "fax"}}}}, `"fax"`},
	} {
		t.Run("rejects "+tc.name, func(t *testing.T) {
			_, err := userpool.New(poolID, emailPool.with(tc.more).json(t), (&fixture{}).options())
			wantWords(t, err, tc.words)
		})
	}
	_, err := userpool.New(poolID, emailPool.json(t), userpool.Options{Region: "us-east-1", AccountID: "000000000000"})
	wantWords(t, err, "Invoke is required")
}

func TestClientPropertiesThatCannotBeHonoured(t *testing.T) {
	f := newUnserved(t, emailPool)
	for _, tc := range []struct {
		name  string
		more  properties
		words string
	}{
		{"an unknown property", properties{"Colour": "red"}, `unknown field "Colour"`},
		{"another pool", properties{"UserPoolId": "us-east-1_Other"}, `UserPoolId "us-east-1_Other"`},
		{"an unknown flow", properties{"ExplicitAuthFlows": []string{"ALLOW_MAGIC"}}, `"ALLOW_MAGIC"`},
		{"an attribute that the pool lacks", properties{"WriteAttributes": []string{"custom:none"}}, `"custom:none"`},
		{"rotation of refresh tokens", properties{"RefreshTokenRotation": properties{"Feature": "ENABLED"}}, `"ENABLED"`},
		{"a short life of access tokens", properties{"AccessTokenValidity": 1}, "AccessTokenValidity 1 minutes"},
		{"an unknown unit", properties{"TokenValidityUnits": properties{"AccessToken": "minutes", "IdToken": "weeks"}}, `"weeks"`},
		{"a long session", properties{"AuthSessionValidity": 16}, "AuthSessionValidity 16"},
	} {
		t.Run("rejects "+tc.name, func(t *testing.T) {
			wantWords(t, f.pool.AddClient("other", publicClient.with(tc.more).json(t)), tc.words)
		})
	}
	wantWords(t, f.pool.AddClient(publicID, publicClient.json(t)), "already added")
}

func wantWords(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want %s", err, words)
	}
}

func TestNames(t *testing.T) {
	p := newUnserved(t, emailPool).pool
	if want := "arn:aws:cognito-idp:us-east-1:000000000000:userpool/" + poolID; p.ARN() != want {
		t.Errorf("ARN %s, want %s", p.ARN(), want)
	}
	if p.Issuer() != issuer {
		t.Errorf("issuer %s, want %s", p.Issuer(), issuer)
	}
}

func TestSnapshotOutlivesThePool(t *testing.T) {
	f := newFixture(t, emailPool)
	f.signUp(address)
	old := f.tokens(address)
	decoy := must[*cognito.InitiateAuthOutput](t)(f.startCustom(stranger)).ChallengeParameters["USERNAME"]
	secret, _ := f.pool.ClientSecret(backendID)
	snapshot := must[[]byte](t)(f.pool.Snapshot())
	if strings.Contains(string(snapshot), password) || strings.Contains(string(snapshot), *old.RefreshToken) {
		t.Error("the snapshot shows a password or a refresh token")
	}

	g := newFixture(t, emailPool)
	if err := g.pool.Restore(snapshot); err != nil {
		t.Fatal(err)
	}
	g.tokens(address)
	must[*cognito.InitiateAuthOutput](t)(g.initiate(publicID, types.AuthFlowTypeRefreshTokenAuth,
		map[string]string{"REFRESH_TOKEN": *old.RefreshToken}))
	if restored, _ := g.pool.ClientSecret(backendID); restored != secret {
		t.Error("the client's secret changed")
	}
	if again := must[*cognito.InitiateAuthOutput](t)(g.startCustom(stranger)).ChallengeParameters["USERNAME"]; again != decoy {
		t.Error("a stranger's made-up name changed")
	}
	_, err := g.api.GetUser(t.Context(), &cognito.GetUserInput{AccessToken: old.AccessToken})
	wantError(t, err, "NotAuthorizedException", "Could not verify signature for Access Token") // new keys at each start
	_, err = g.api.AdminGetUser(t.Context(), &cognito.AdminGetUserInput{UserPoolId: aws.String(poolID), Username: aws.String(address)})
	if err != nil {
		t.Error(err)
	}
	for _, broken := range []string{``, `{}`, `{"Colour":1}`, `null`} {
		if err := g.pool.Restore([]byte(broken)); err == nil {
			t.Errorf("restored from %q", broken)
		}
	}
	g.tokens(address)
}
