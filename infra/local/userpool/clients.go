package userpool

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// maxClients is the longest page of ListUserPoolClients.
const maxClients = 60

type listUserPoolClientsInput struct {
	forPool
	MaxResults *int
	NextToken  string
}

type listUserPoolClientsOutput struct {
	UserPoolClients []clientDescription
	NextToken       string `json:",omitempty"`
}

// clientDescription is the API's UserPoolClientDescription, without the name that CloudFormation makes up.
type clientDescription struct{ ClientId, UserPoolId string }

// listUserPoolClients lists clients in order of their ids. The token of the next page is the last id of this one.
func (p *Pool) listUserPoolClients(_ *call, in listUserPoolClientsInput) (out listUserPoolClientsOutput, err error) {
	limit := maxClients
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	if limit < 1 || limit > maxClients {
		return out, fail(invalidParameter, "MaxResults %d: want 1 to %d", limit, maxClients)
	}
	out.UserPoolClients = []clientDescription{}
	for _, id := range slices.Sorted(maps.Keys(p.clients)) {
		if id <= in.NextToken {
			continue
		}
		if len(out.UserPoolClients) == limit {
			out.NextToken = out.UserPoolClients[limit-1].ClientId
			break
		}
		out.UserPoolClients = append(out.UserPoolClients, clientDescription{id, p.id})
	}
	return out, nil
}

type describeUserPoolClientInput struct {
	forPool
	ClientId string
}

type describeUserPoolClientOutput struct {
	UserPoolClient map[string]any // the API's UserPoolClientType
}

// describeUserPoolClient answers by the template's properties, which the API names alike, with what the pool made of
// them: the id and the secret.
func (p *Pool) describeUserPoolClient(_ *call, in describeUserPoolClientInput) (out describeUserPoolClientOutput, err error) {
	c := p.clients[in.ClientId]
	if c == nil {
		return out, errNoSuchClient(in.ClientId)
	}
	if err := json.Unmarshal(c.properties, &out.UserPoolClient); err != nil {
		return out, fmt.Errorf("app client %s: %w", c.id, err)
	}
	delete(out.UserPoolClient, "GenerateSecret") // asks for the secret, in the template alone
	out.UserPoolClient["ClientId"] = c.id
	if c.hasSecret {
		out.UserPoolClient["ClientSecret"] = p.Secrets[c.id]
	}
	return out, nil
}
