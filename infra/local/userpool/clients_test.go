package userpool_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func TestListUserPoolClientsByPages(t *testing.T) {
	f := newFixture(t, emailPool)
	var got []string
	pages := cognito.NewListUserPoolClientsPaginator(f.api, &cognito.ListUserPoolClientsInput{UserPoolId: aws.String(poolID), MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, client := range page.UserPoolClients {
			if *client.UserPoolId != poolID {
				t.Errorf("client %s is of pool %s", *client.ClientId, *client.UserPoolId)
			}
			got = append(got, *client.ClientId)
		}
	}
	want := []string{publicID, backendID, legacyID}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("clients %v, want %v", got, want)
	}
	_, err := f.api.ListUserPoolClients(t.Context(), &cognito.ListUserPoolClientsInput{UserPoolId: aws.String(poolID), MaxResults: aws.Int32(61)})
	wantError(t, err, "InvalidParameterException", "want 1 to 60")
}

func TestDescribeUserPoolClient(t *testing.T) {
	f := newFixture(t, emailPool)
	describe := func(id string) (*cognito.DescribeUserPoolClientOutput, error) {
		return f.api.DescribeUserPoolClient(t.Context(), &cognito.DescribeUserPoolClientInput{UserPoolId: aws.String(poolID), ClientId: &id})
	}
	backend := must[*cognito.DescribeUserPoolClientOutput](t)(describe(backendID)).UserPoolClient
	secret, _ := f.pool.ClientSecret(backendID)
	if *backend.ClientId != backendID || *backend.UserPoolId != poolID || aws.ToString(backend.ClientSecret) != secret ||
		!slices.Contains(backend.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth) {
		t.Errorf("the backend's client is %+v", backend)
	}
	public := must[*cognito.DescribeUserPoolClientOutput](t)(describe(publicID)).UserPoolClient
	if public.ClientSecret != nil || public.PreventUserExistenceErrors != types.PreventUserExistenceErrorTypesEnabled {
		t.Errorf("the public client is %+v", public)
	}
	_, err := describe("nobody")
	wantError(t, err, "ResourceNotFoundException", "nobody does not exist")
}
