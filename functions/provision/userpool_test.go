package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

func TestPoolGetsTriggersAndKeepsTheRest(t *testing.T) {
	w := newPoolWorld(t, theirs)
	found := w.described(t, poolID)

	created := w.create(t, poolProps())
	mustSucceed(t, created)
	if created.PhysicalResourceID != poolID {
		t.Errorf("the resource is known by %s", created.PhysicalResourceID)
	}
	attached := w.described(t, poolID)
	added := findAttribute(attached, "created_by")
	if triggers(attached) != of("1") || added == nil || added.AttributeDataType != types.AttributeDataTypeString || !*added.Mutable {
		t.Fatalf("triggers %v, attribute %+v", triggers(attached), added)
	}
	found.SchemaAttributes = attached.SchemaAttributes // which nobody can take away
	attached.LambdaConfig.DefineAuthChallenge, attached.LambdaConfig.CreateAuthChallenge, attached.LambdaConfig.VerifyAuthChallengeResponse = nil, nil, nil
	same(t, "with triggers", found, attached)

	w.byHand(t, func(in *cognito.UpdateUserPoolInput) {
		in.Policies.PasswordPolicy.MinimumLength = aws.Int32(16)
		in.LambdaConfig.PostConfirmation = aws.String(functions + "later")
	})
	found.Policies.PasswordPolicy.MinimumLength = aws.Int32(16)
	found.LambdaConfig.PostConfirmation = aws.String(functions + "later")
	for range 2 { // CloudFormation may ask twice
		mustSucceed(t, w.remove(t, poolID, poolProps()))
		same(t, "without triggers", found, w.described(t, poolID))
	}
}

func TestPoolKeepsWhatCognitoDescribesTwice(t *testing.T) {
	old := theirs.with("VerificationMessageTemplate", nil).with("Policies", nil).
		with("AdminCreateUserConfig", object{"UnusedAccountValidityDays": 5}).
		with("EmailVerificationMessage", "Your code is {####}").with("SmsVerificationMessage", "{####} it is")
	delete(old, "VerificationMessageTemplate")
	delete(old, "Policies")
	w := newPoolWorld(t, old)
	found := w.described(t, poolID)
	mustSucceed(t, w.create(t, poolProps(object{provisioning.Attributes: []any{}})))
	mustSucceed(t, w.remove(t, poolID, poolProps()))
	same(t, "afterwards", found, w.described(t, poolID))
}

// withTriggers is a pool with triggers of its own for custom authentication.
func withTriggers() object {
	return theirs.with("LambdaConfig", object{
		"PreSignUp": functions + "presignup", "DefineAuthChallenge": functions + "their-define", "CreateAuthChallenge": functions + "their-create",
	})
}

func TestReplacedTriggersComeBack(t *testing.T) {
	w := newPoolWorld(t, withTriggers())
	found := w.described(t, poolID)
	properties := poolProps(object{provisioning.Replace: []any{provisioning.TriggerDefine, provisioning.TriggerCreate}, provisioning.Attributes: []any{"origin"}})
	for range 2 { // the answer to the first may have been lost
		mustSucceed(t, w.create(t, properties))
	}
	next := poolProps(newFunctions, object{provisioning.Replace: []any{}, provisioning.Attributes: []any{"origin"}})
	mustSucceed(t, w.updateTo(t, properties, next))
	if got := triggers(w.described(t, poolID)); got != of("2") {
		t.Errorf("triggers %v", got)
	}
	mustSucceed(t, w.remove(t, poolID, next))
	same(t, "afterwards", found, w.described(t, poolID))
	if items := w.poolItems(t); items != 0 {
		t.Errorf("%d items of the pool are left", items)
	}
}

// A creation whose update counted although it seemed to fail is undone.
func TestCreationThatSeemedToFailIsUndone(t *testing.T) {
	w := newPoolWorld(t, withTriggers())
	found := w.described(t, poolID)
	properties := poolProps(object{provisioning.Replace: []any{provisioning.TriggerDefine, provisioning.TriggerCreate}, provisioning.Attributes: []any{}})
	w.lose = true
	failed := w.create(t, properties)
	mustFail(t, failed, "updating user pool "+poolID)
	if got := triggers(w.described(t, poolID)); got != of("1") {
		t.Fatalf("triggers %v, want those of the update whose answer was lost", got)
	}
	w.lose = false
	mustSucceed(t, w.remove(t, failed.PhysicalResourceID, properties))
	same(t, "afterwards", found, w.described(t, poolID))
}

// poolItems counts the items of the pool in the table.
func (w *poolWorld) poolItems(t *testing.T) int {
	t.Helper()
	out, err := w.table.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(tableName), Key: key(table.PoolSK(poolID))})
	if err != nil {
		t.Fatal(err)
	}
	return min(len(out.Item), 1)
}

func TestPoolRefusals(t *testing.T) {
	tests := map[string]struct {
		pool       object
		client     object
		properties object
		want       []string // in the reason
	}{
		"triggers that the pool has": {
			pool: withTriggers(),
			want: []string{
				"has the trigger DefineAuthChallenge already, " + functions + "their-define: remove it, or list it in ReplaceTriggers",
				"has the trigger CreateAuthChallenge already, " + functions + "their-create",
			},
		},
		"a trigger that Replace doesn't name": {
			pool: withTriggers(), properties: object{provisioning.Replace: []any{provisioning.TriggerDefine}},
			want: []string{"has the trigger CreateAuthChallenge already"},
		},
		"an attribute of another type": {
			properties: object{provisioning.Attributes: []any{"tier"}}, want: []string{"custom attribute tier of type Number, mutable: true", "use another MarkerAttribute"},
		},
		"an attribute that can't change": {
			properties: object{provisioning.Attributes: []any{"code"}}, want: []string{"custom attribute code of type String, mutable: false"},
		},
		"user names of which the case counts": {
			pool: theirs.with("UsernameConfiguration", object{"CaseSensitive": true}),
			want: []string{"the case is ignored: false, but the stack takes it for true: set CaseSensitiveUserNames to true"},
		},
		"a pool whose default is that the case counts": {
			pool: theirs.with("UsernameConfiguration", object{}), want: []string{"the case is ignored: false"},
		},
		"required MFA beside mails": {
			pool: theirs.with("MfaConfiguration", "ON"), properties: object{provisioning.Mail: "true"},
			want: []string{"requires MFA, and a mail or a text message is one factor"},
		},
		"required MFA beside passkeys of one factor": {
			pool: theirs.with("MfaConfiguration", "ON"), properties: object{provisioning.UserVerification: "preferred"},
			want: []string{"requires MFA", `UserVerification is "preferred", set it to "required"`},
		},
		"a client without custom authentication": {
			client: suitable.with("ExplicitAuthFlows", []string{"ALLOW_USER_SRP_AUTH"}),
			want:   []string{"app client theirs has the flows [\"ALLOW_USER_SRP_AUTH\"]: add ALLOW_CUSTOM_AUTH"},
		},
		"a client that tells who has an account": {
			client: suitable.with("PreventUserExistenceErrors", "LEGACY"),
			want:   []string{"app client theirs has PreventUserExistenceErrors LEGACY", "set it to ENABLED"},
		},
		"a client that takes passwords where they are phased out": {
			client: suitable.with("ExplicitAuthFlows", []string{"ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"}), properties: object{provisioning.WithoutPasswords: "true"},
			want: []string{"app client theirs has the flows [\"ALLOW_CUSTOM_AUTH\" \"ALLOW_USER_SRP_AUTH\"], which take passwords: leave it no more than ALLOW_CUSTOM_AUTH and ALLOW_REFRESH_TOKEN_AUTH"},
		},
		"a client of choice-based sign-in, which takes passwords": {
			client: suitable.with("ExplicitAuthFlows", []string{"ALLOW_CUSTOM_AUTH", "ALLOW_USER_AUTH"}), properties: object{provisioning.WithoutPasswords: "true"},
			want: []string{"which take passwords"},
		},
		"a client for passwords on which passkeys sign in too": {
			properties: object{provisioning.PasswordClientIDs: []any{client}},
			want:       []string{"app client " + client + ", of PasswordClients, has the flows [\"ALLOW_CUSTOM_AUTH\"]: take away ALLOW_CUSTOM_AUTH and ALLOW_USER_AUTH"},
		},
		"a client for passwords that tells who has an account": {
			client:     suitable.with("PreventUserExistenceErrors", "LEGACY").with("ExplicitAuthFlows", []string{"ALLOW_USER_SRP_AUTH"}),
			properties: object{provisioning.ClientIDs: []any{client}, provisioning.PasswordClientIDs: []any{"theirs"}},
			want:       []string{"app client theirs has PreventUserExistenceErrors LEGACY"},
		},
		"a client for passwords with the default flows": {
			client: object{"PreventUserExistenceErrors": "ENABLED"}, properties: object{provisioning.ClientIDs: []any{client}, provisioning.PasswordClientIDs: []any{"theirs"}},
			want: []string{"app client theirs, of PasswordClients, has the flows []"},
		},
		"a client with the default of that": {
			client: object{}, want: []string{"app client theirs has PreventUserExistenceErrors LEGACY"},
		},
		"a client that there is not": {
			properties: object{provisioning.ClientIDs: []any{client, "nobody"}}, want: []string{"app client nobody: user pool " + poolID + " has no such client"},
		},
		"a pool that there is not": {
			properties: object{provisioning.UserPoolID: "us-east-1_Nowhere01"}, want: []string{"describing user pool us-east-1_Nowhere01"},
		},
		"everything at once": {
			pool: withTriggers().with("MfaConfiguration", "ON"), client: object{"ExplicitAuthFlows": []string{"ALLOW_USER_SRP_AUTH"}},
			properties: object{provisioning.UserVerification: "discouraged", provisioning.FoldUserNames: "false", provisioning.Attributes: []any{"tier", "code"}},
			want: []string{
				"DefineAuthChallenge already", "CreateAuthChallenge already", "attribute tier", "attribute code", "set CaseSensitiveUserNames to false",
				"requires MFA", "flows", "LEGACY",
			},
		},
		"bad properties": {
			properties: object{
				provisioning.Triggers: map[string]any{"PreTokenGeneration": functions + "claims"}, provisioning.Replace: []any{"PreTokenGeneration"}, provisioning.Attributes: "created_by",
				provisioning.ClientIDs: []any{""}, provisioning.FoldUserNames: "perhaps", provisioning.Attachment: "again",
			},
			want: []string{`Triggers is map[string]interface {}{"PreTokenGeneration"`, `Replace is []interface {}{"PreTokenGeneration"}`, `Attributes is "created_by"`, "ClientIds is", `FoldUserNames is "perhaps"`, `Attachment is "again"`},
		},
	}
	for title, tt := range tests {
		t.Run("refuses "+title, func(t *testing.T) {
			pool := tt.pool
			if pool == nil {
				pool = theirs
			}
			w := newPoolWorld(t, pool)
			found := w.described(t, poolID)
			properties := poolProps()
			if tt.client != nil {
				w.addClient(t, "theirs", tt.client)
				properties[provisioning.ClientIDs] = []any{client, "theirs"}
			}
			for name, value := range tt.properties {
				properties[name] = value
			}
			refused := w.create(t, properties)
			mustFail(t, refused, tt.want...)
			same(t, "after a refusal", found, w.described(t, poolID))
			mustSucceed(t, w.remove(t, refused.PhysicalResourceID, properties)) // as CloudFormation cleans up
			same(t, "after the clean-up", found, w.described(t, poolID))
		})
	}
}

// further are the triggers that come with an end to passwords.
var further = object{
	provisioning.TriggerPreSignUp: functions + "sign-up", provisioning.TriggerPreAuthentication: functions + "authentication",
	provisioning.TriggerPostConfirmation: functions + "confirmation",
}

// A trigger that the stack has no more use for makes way for what it replaced.
func TestFurtherTriggersComeAndGo(t *testing.T) {
	w := newPoolWorld(t, theirs)
	without := poolProps()
	mustSucceed(t, w.create(t, without))
	found := w.described(t, poolID)

	mustFail(t, w.updateTo(t, without, poolProps(attaching("1", further))), "has the trigger PreSignUp already, "+functions+"presignup")
	same(t, "after a refusal", found, w.described(t, poolID))

	with := poolProps(attaching("1", further), object{provisioning.Replace: []any{provisioning.TriggerPreSignUp}})
	for range 2 {
		mustSucceed(t, w.updateTo(t, without, with))
		if c := w.described(t, poolID).LambdaConfig; *c.PreSignUp != functions+"sign-up" || *c.PreAuthentication != functions+"authentication" ||
			*c.PostConfirmation != functions+"confirmation" {
			t.Fatalf("triggers %+v", c)
		}
	}
	for range 2 {
		mustSucceed(t, w.updateTo(t, with, without))
		same(t, "without them again", found, w.described(t, poolID))
	}
	w.byHand(t, func(in *cognito.UpdateUserPoolInput) { in.LambdaConfig.PreSignUp = nil })
	mustSucceed(t, w.updateTo(t, without, poolProps(newFunctions)))
	if c := w.described(t, poolID).LambdaConfig; c.PreSignUp != nil {
		t.Errorf("%s came back, which the owner took away", *c.PreSignUp)
	}
	mustSucceed(t, w.updateTo(t, poolProps(newFunctions), with))
	mustSucceed(t, w.remove(t, poolID, with))
	if c := w.described(t, poolID).LambdaConfig; c.PreSignUp != nil || c.PreAuthentication != nil || c.PostConfirmation != nil {
		t.Errorf("the pool is left with %+v", c)
	}
}

func TestClientsAreCheckedOnceTheyMayTakeNoPassword(t *testing.T) {
	w := newPoolWorld(t, theirs)
	w.addClient(t, "both", suitable.with("ExplicitAuthFlows", []string{"ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"}))
	w.addClient(t, "passwords", suitable.with("ExplicitAuthFlows", []string{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}))
	clients := object{provisioning.ClientIDs: []any{client, "both"}}
	mustSucceed(t, w.create(t, poolProps(clients)))
	mustFail(t, w.updateTo(t, poolProps(clients), poolProps(clients, object{provisioning.WithoutPasswords: "true"})), "app client both has the flows")
	phasedOut := poolProps(object{provisioning.WithoutPasswords: "true", provisioning.PasswordClientIDs: []any{"passwords"}})
	mustSucceed(t, w.updateTo(t, poolProps(clients), phasedOut))
}

func TestPoolWithRequiredMFATakesVerifiedUsers(t *testing.T) {
	mustSucceed(t, newPoolWorld(t, theirs.with("MfaConfiguration", "ON")).create(t, poolProps()))
}

func TestOldClientsAreKnown(t *testing.T) {
	for title, flows := range map[string][]types.ExplicitAuthFlowsType{
		"no flows, which means the default": nil, "the old name": {types.ExplicitAuthFlowsTypeCustomAuthFlowOnly},
	} {
		if !allowsCustomAuth(flows) {
			t.Errorf("%s: refused", title)
		}
	}
}

func TestUpdateOfThePool(t *testing.T) {
	w := newPoolWorld(t, theirs)
	first := poolProps()
	mustSucceed(t, w.create(t, first))

	second := poolProps(newFunctions)
	for range 2 {
		mustSucceed(t, w.updateTo(t, first, second))
		if got := triggers(w.described(t, poolID)); got != of("2") {
			t.Fatalf("triggers %v after new functions", got)
		}
	}
	mustSucceed(t, w.updateTo(t, second, first))
	if got := triggers(w.described(t, poolID)); got != of("1") {
		t.Fatalf("triggers %v after a rollback", got)
	}

	w.byHand(t, func(in *cognito.UpdateUserPoolInput) { in.LambdaConfig = nil })
	mustSucceed(t, w.updateTo(t, first, poolProps(object{provisioning.Attachment: "1"})))
	if got := triggers(w.described(t, poolID)); got != of("1") {
		t.Errorf("triggers %v after attaching again", got)
	}

	w.byHand(t, func(in *cognito.UpdateUserPoolInput) {
		in.LambdaConfig.CreateAuthChallenge = aws.String(functions + "later")
	})
	mustFail(t, w.updateTo(t, first, second), "has the trigger CreateAuthChallenge already, "+functions+"later")
	mustSucceed(t, w.remove(t, poolID, first))
	if got, want := triggers(w.described(t, poolID)), [3]string{"", functions + "later", ""}; got != want {
		t.Errorf("triggers %v afterwards, want %v", got, want)
	}
}

// A rollback must not fail for what the stack has lived with.
func TestUpdateChecksWhatItChanges(t *testing.T) {
	w := newPoolWorld(t, theirs.with("MfaConfiguration", "ON"))
	w.addClient(t, "legacy", suitable.with("PreventUserExistenceErrors", "LEGACY"))
	old := poolProps(object{provisioning.UserVerification: "preferred", provisioning.ClientIDs: []any{client, "legacy"}})
	mustSucceed(t, w.updateTo(t, old, poolProps(newFunctions, object{provisioning.UserVerification: "preferred", provisioning.ClientIDs: []any{client, "legacy"}})))

	sound := poolProps(newFunctions)
	mustFail(t, w.updateTo(t, sound, old), "requires MFA", "app client legacy has PreventUserExistenceErrors LEGACY")
	mustSucceed(t, w.updateTo(t, old, sound))
}

func TestAnotherPool(t *testing.T) {
	w := newPoolWorld(t, theirs)
	w.addPool(t, otherPoolID, theirs.with("LambdaConfig", object{"DefineAuthChallenge": functions + "their-define"}))
	if err := w.pools[otherPoolID].AddClient(client, suitable.with("UserPoolId", otherPoolID).json(t)); err != nil {
		t.Fatal(err)
	}
	first := poolProps()
	mustSucceed(t, w.create(t, first))
	other := poolProps(object{provisioning.UserPoolID: otherPoolID})
	refused := w.updateTo(t, first, other)
	mustFail(t, refused, "has the trigger DefineAuthChallenge already")
	if refused.PhysicalResourceID != poolID {
		t.Errorf("a refused move is known by %s", refused.PhysicalResourceID)
	}
	other[provisioning.Replace] = []any{provisioning.TriggerDefine}
	moved := w.updateTo(t, first, other)
	mustSucceed(t, moved)
	mustSucceed(t, w.remove(t, poolID, first)) // as CloudFormation deletes what was replaced
	if got := triggers(w.described(t, poolID)); moved.PhysicalResourceID != otherPoolID || got != [3]string{} {
		t.Errorf("known by %s, and the old pool has %v", moved.PhysicalResourceID, got)
	}
	if got := triggers(w.described(t, otherPoolID)); got != of("1") {
		t.Errorf("the new pool has %v", got)
	}
}

func TestPoolThatOthersChangeMeanwhile(t *testing.T) {
	w := newPoolWorld(t, theirs)
	refusals := 3
	w.before = func(operation string) string {
		if operation != "UpdateUserPool" || refusals == 0 {
			return ""
		}
		refusals--
		w.byHand(t, func(in *cognito.UpdateUserPoolInput) { in.UserPoolTags["round"] = fmt.Sprint(refusals) })
		return "ConcurrentModificationException"
	}
	mustSucceed(t, w.create(t, poolProps()))
	got := w.described(t, poolID)
	if triggers(got) != of("1") || got.UserPoolTags["round"] != "0" || len(w.paused) != 3 {
		t.Errorf("triggers %v, tags %v, pauses %v", triggers(got), got.UserPoolTags, w.paused)
	}

	w.before = func(operation string) string {
		return map[string]string{"UpdateUserPool": "ConcurrentModificationException"}[operation]
	}
	mustFail(t, w.remove(t, poolID, poolProps()), "updating user pool "+poolID, "ConcurrentModificationException")
}

func TestThrottledPool(t *testing.T) {
	w := newPoolWorld(t, theirs)
	throttled := map[string]bool{}
	w.before = func(operation string) string {
		if throttled[operation] {
			return ""
		}
		throttled[operation] = true
		return "TooManyRequestsException"
	}
	mustSucceed(t, w.create(t, poolProps()))
	if len(throttled) != 4 {
		t.Errorf("throttled %v, want every operation", throttled)
	}
}

func TestDeniedUpdateNamesWhatThePoolAsksFor(t *testing.T) {
	w := newPoolWorld(t, theirs)
	w.before = func(operation string) string {
		return map[string]string{"UpdateUserPool": "AccessDeniedException"}[operation]
	}
	refused := w.create(t, poolProps())
	mustFail(t, refused, "whose text messages ask for iam:PassRole on arn:aws:iam::000000000000:role/Texts: ")
	mustSucceed(t, w.remove(t, refused.PhysicalResourceID, poolProps()))

	if text := needs(&types.InvalidParameterException{}, filledPool()); text != "" {
		t.Errorf("an error of another kind names %q", text)
	}
}

// A creation that was not allowed to read the pool can be cleaned up without.
func TestDeletionThatIsDenied(t *testing.T) {
	w := newPoolWorld(t, theirs)
	w.before = func(string) string { return "AccessDeniedException" }
	refused := w.create(t, poolProps())
	mustFail(t, refused, "describing user pool "+poolID, "AccessDeniedException")
	mustSucceed(t, w.remove(t, refused.PhysicalResourceID, poolProps()))
	mustFail(t, w.remove(t, poolID, poolProps()), "AccessDeniedException")
}

func TestDeletionAfterPoolOrTable(t *testing.T) {
	w := newPoolWorld(t, theirs)
	mustSucceed(t, w.create(t, poolProps()))
	gone := poolProps(object{provisioning.TableName: "missing"})
	mustSucceed(t, w.remove(t, poolID, gone))
	if got := triggers(w.described(t, poolID)); got != [3]string{} {
		t.Errorf("without the table, the triggers %v stay", got)
	}
	mustSucceed(t, w.remove(t, otherPoolID, poolProps(object{provisioning.UserPoolID: otherPoolID})))
}

// CloudFormation takes no answer of more than 4,096 bytes, and waits for one.
func TestManyProblemsMakeAShortAnswer(t *testing.T) {
	w := newPoolWorld(t, theirs)
	var clients []any
	for i := range 100 {
		clients = append(clients, fmt.Sprintf("nobody%d", i))
	}
	got := w.create(t, poolProps(object{provisioning.ClientIDs: clients}))
	mustFail(t, got, "nobody0", "and more")
	if len(got.Reason) > maxReason+100 || strings.Contains(got.Reason, "nobody99") {
		t.Errorf("a reason of %d bytes", len(got.Reason))
	}
}
