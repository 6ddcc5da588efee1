package main

import (
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/proof"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/recovery"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// newRecovery is the journey of users who have lost all their passkeys.
func newRecovery(s settings.Accounts, store credentials.Store, pool accounts.Pool, proofs proof.Desk, tickets ticket.Signer) accounts.Recovery {
	return accounts.Recovery{
		Clients: s.ClientIDs,
		Pool:    pool,
		Proofs:  proofs,
		Links:   sent.Book{Store: store, Now: time.Now},
		Desk: recovery.Desk{
			Store: store, Pool: pool, Delay: s.RecoveryDelay, KeepPasskeys: s.KeepPasskeys, Now: time.Now, Wait: proofs.Wait,
		},
		Tickets: tickets,
		Notices: &notice.Teller{Post: proofs.Post, Store: store},
		Now:     time.Now,
	}
}
