package main

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider/service"
)

// vendors is what the context says of others' sign-in systems.
type vendors struct {
	corbado, actions  bool
	corbadoConnect    passkeys.Corbado
	corbadoActions    passkeys.CorbadoActions
	corbadoHosted     passkeys.CorbadoHosted
	passage           passkeys.PassageFlex
	provider          []byte // JSON
	providerParameter string
	tickets           bool
	ticketClientIDs   []string
	ticket            passkeys.Tickets
}

// addTo completes props, or notes settings that say something of a vendor that
// is not there.
func (v vendors) addTo(r *reader, props *passkeys.Props) {
	wants := func(there bool, is string, set bool, key string) {
		if set && !there {
			r.add(key, "set", "set "+is+" too, or leave it out")
		}
	}
	wants(v.corbado, "corbado", v.corbadoConnect != (passkeys.Corbado{}), "corbadoUrl or corbadoParameter")
	wants(v.corbado, "corbado", v.actions, "corbadoActions")
	wants(v.actions, "corbadoActions", v.corbadoActions != (passkeys.CorbadoActions{}), "corbadoActionsParameter or corbadoSecondFactor")
	wants(v.corbado, "corbado", v.corbadoHosted != (passkeys.CorbadoHosted{}), "corbadoHostedAccount or corbadoHostedExternalId")
	wants(v.passage.AppID != "", "passageApp", v.passage.TransactionForm != "" && v.passage.TransactionForm != service.FormUUID, "passageTransactionForm")
	wants(v.provider != nil, "httpProvider", v.providerParameter != "", "httpProviderParameter")
	wants(v.tickets, "tickets", v.ticketClientIDs != nil || v.ticket.Rotation != 0 || v.ticket.Key != nil, "ticketClientIds, ticketRotation or ticketParameter")
	if v.corbado {
		props.Corbado = v.corbadoWithParts()
	}
	if f := v.passage; f.AppID != "" || f.BaseURL != "" || f.SecretParameter != "" {
		props.PassageFlex = &f
	}
	if v.provider != nil {
		props.HTTPProvider = v.httpProvider(r)
	}
}

func (v vendors) corbadoWithParts() *passkeys.Corbado {
	corbado := v.corbadoConnect
	if v.actions {
		corbado.Actions = &v.corbadoActions
	}
	if v.corbadoHosted != (passkeys.CorbadoHosted{}) {
		corbado.Hosted = &v.corbadoHosted
	}
	return &corbado
}

func (v vendors) httpProvider(r *reader) *passkeys.HTTPProvider {
	provider := &passkeys.HTTPProvider{SecretParameter: v.providerParameter}
	decoder := json.NewDecoder(bytes.NewReader(v.provider))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&provider.Service); err != nil {
		r.add("httpProvider", string(v.provider), "mend the description: "+err.Error())
		return nil
	}
	return provider
}

// addTickets completes props once its clients are imported.
func (v vendors) addTickets(props *passkeys.Props) {
	if !v.tickets {
		return
	}
	tickets := v.ticket
	tickets.Clients = slices.DeleteFunc(slices.Clone(props.Clients), func(client awscognito.IUserPoolClient) bool {
		return !slices.Contains(v.ticketClientIDs, *client.UserPoolClientId())
	})
	props.Tickets = &tickets
}
