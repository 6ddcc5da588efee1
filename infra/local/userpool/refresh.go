package userpool

import "crypto/subtle"

func (p *Pool) startRefresh(c *call, cl *client, in initiateAuthInput) (authOutput, error) {
	eventID, g, err := p.granted(cl, in.AuthParameters[paramRefreshToken])
	if err != nil {
		return authOutput{}, err
	}
	if _, err := p.clientFor(cl.id, in.AuthParameters[paramSecretHash], g.Username); err != nil {
		return authOutput{}, err
	}
	return p.refresh(c, cl, eventID, g, in.ClientMetadata)
}

type getTokensInput struct {
	ClientId, ClientSecret, RefreshToken, DeviceKey string
	ClientMetadata                                  map[string]string
}

func (p *Pool) getTokensFromRefreshToken(c *call, in getTokensInput) (authOutput, error) {
	cl, err := p.clientWithSecret(in.ClientId, in.ClientSecret)
	if err != nil {
		return authOutput{}, err
	}
	if !cl.flows[allowRefresh] {
		return authOutput{}, errFlowDisabled(flowRefreshToken)
	}
	eventID, g, err := p.granted(cl, in.RefreshToken)
	if err != nil {
		return authOutput{}, err
	}
	return p.refresh(c, cl, eventID, g, in.ClientMetadata)
}

// refresh makes new ID and access tokens. Their auth_time stays that of the sign-in.
func (p *Pool) refresh(c *call, cl *client, eventID string, g *grant, metadata map[string]string) (authOutput, error) {
	u := p.Users[g.Username]
	switch {
	case u == nil:
		return authOutput{}, errNoSuchUser()
	case !u.Enabled:
		return authOutput{}, errDisabled()
	case !p.now().Before(g.Expiry):
		return authOutput{}, fail(notAuthorized, "Refresh Token has expired")
	}
	override, err := p.preTokenGeneration(c, cl, u, tokensRefresh, metadata)
	if err != nil {
		return authOutput{}, err
	}
	if p.Grants[eventID] != g { // revoked while the trigger ran
		return authOutput{}, fail(notAuthorized, "Refresh Token has been revoked")
	}
	result, err := p.mint(cl, u, eventID, g, override)
	return authOutput{AuthenticationResult: result, ChallengeParameters: map[string]string{}}, err
}

// clientWithSecret returns an app client, once the caller has shown the secret itself if it has one.
func (p *Pool) clientWithSecret(id, secret string) (*client, error) {
	cl := p.clients[id]
	switch {
	case cl == nil:
		return nil, errNoSuchClient(id)
	case cl.hasSecret != (secret != "") || subtle.ConstantTimeCompare([]byte(secret), []byte(p.Secrets[id])) != 1:
		return nil, fail(notAuthorized, "Client secret does not match for the client: %s", id)
	}
	return cl, nil
}

type revokeTokenInput struct{ Token, ClientId, ClientSecret string }

// revokeToken ends one sign-in: its refresh token and the access tokens made from it.
func (p *Pool) revokeToken(_ *call, in revokeTokenInput) (out struct{}, err error) {
	cl, err := p.clientWithSecret(in.ClientId, in.ClientSecret)
	if err != nil {
		return out, err
	}
	if !cl.revocation {
		return out, fail(unsupportedOperation, "EnableTokenRevocation is off for the client %s", cl.id)
	}
	if _, _, err := p.bearerOf(in.Token); err == nil {
		return out, fail(unsupportedTokenType, "Only refresh tokens can be revoked.")
	}
	if eventID, _, err := p.granted(cl, in.Token); err == nil {
		delete(p.Grants, eventID)
	}
	return out, nil // like RFC 7009 section 2.2, a token that is none is as good as revoked
}

func (p *Pool) globalSignOut(_ *call, in accessTokenInput) (out struct{}, err error) {
	u, _, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	p.revokeAll(u)
	return out, nil
}
