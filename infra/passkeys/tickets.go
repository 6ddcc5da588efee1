package passkeys

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
)

// Tickets let a trusted backend that has authenticated a user itself sign that
// user in; package shared/method/ticket says how. Whoever may read their key
// signs in as anybody on the app clients that take them.
type Tickets struct {
	// Clients are the app clients that take tickets. Empty means the backend client.
	Clients []awscognito.IUserPoolClient

	// Rotation rotates the key once for each increase. Tickets that are under way stay good.
	Rotation int

	// Key is a key ring of the account's own. Nil makes one.
	Key *ExistingKey
}

// GrantTickets lets a backend sign tickets: it may read their key, with which it
// signs in as anybody on the app clients that take tickets. It panics with an
// *InvalidPropsError without Props.Tickets.
func (p *Passkeys) GrantTickets(grantee awsiam.IGrantable) {
	var c check
	c.required("Tickets", p.props.Tickets)
	must(c.err())
	for _, statement := range p.triggers.ticket.read {
		grantee.GrantPrincipal().AddToPrincipalPolicy(statement)
	}
}

// TicketParameter is the name of the SecureString parameter that holds the key
// ring of tickets, or "" without Props.Tickets.
func (p *Passkeys) TicketParameter() string {
	if p.triggers == nil {
		return ""
	}
	return p.triggers.ticket.parameter
}

func (c *check) tickets(p Props) {
	if p.Tickets == nil {
		return
	}
	if len(p.Tickets.Clients) == 0 && !p.BackendClient {
		c.add("Tickets.Clients", p.Tickets.Clients, "list the app clients that take tickets, or set BackendClient")
	}
	c.ticketKey(*p.Tickets, p.StampKey)
}

// ticketKey checks the key that signs tickets. It is not the one of stamps: that
// one is with the API, which anybody can call, and signs nobody in.
func (c *check) ticketKey(t Tickets, stamp *ExistingKey) {
	const property = "Tickets.Key"
	if t.Rotation < 0 {
		c.add("Tickets.Rotation", t.Rotation, "start at 0 and increase it by one to rotate")
	}
	c.existingKey(property, t.Key)
	if t.Key.is(stamp) {
		c.add(property, t.Key.Parameter, "use a key ring of its own: StampKey's is with the API, which must not be able to sign anybody in")
	}
}
