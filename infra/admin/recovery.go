package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/accounts"
	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/migrate"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/recovery"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

var recoveryLink = command{
	name:    "recovery-link",
	does:    "prints a link that lets a user in once who has lost every passkey: hand it to that very person",
	needs:   "cognito-idp:AdminGetUser on the user pool, and dynamodb:PutItem on the credential table",
	prepare: prepareRecoveryLink,
}

func prepareRecoveryLink(flags *flag.FlagSet) action {
	var to connection
	to.addTo(flags)
	name := flags.String("table", "", "name of the stack's credential table")
	pool := flags.String("user-pool-id", "", "id of the user pool")
	user := flags.String("user", "", "user name, or an address that the user signs in with")
	page := flags.String("page", "", "page that the link opens, such as https://example.com/sign-in")
	return func(ctx context.Context, s streams) error {
		if err := required(flags, "table", "user-pool-id", "user", "page"); err != nil {
			return err
		}
		if !isPage(*page) {
			return fmt.Errorf("%w: -page is %q: want an https address without a fragment, or http on localhost", errUsage, *page)
		}
		cfg, err := to.config(ctx)
		if err != nil {
			return err
		}
		found, err := accounts.New(cognitoidentityprovider.NewFromConfig(cfg), *pool).Find(ctx, migrate.Holder{UserName: *user})
		if errors.Is(err, migrate.ErrNoAccount) {
			return fmt.Errorf("user %q: %w", *user, err)
		}
		if err != nil {
			return fmt.Errorf("reading user %q: %w", *user, err)
		}
		now := time.Now()
		token, stored := recovery.NewLink(found.Sub, now)
		if err := store(cfg, *name).PutMailing(ctx, found.Sub, table.RecoveryLinkSK, stored); err != nil {
			return fmt.Errorf("writing to table %s: %w", *name, err)
		}
		if _, err := fmt.Fprintln(s.out, *page+recovery.Fragment+token); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.err, "Good once, until %s, and then everything else that signed the user in has ended. It replaces an earlier link.\n",
			stored.Expires.UTC().Format(time.RFC3339))
		return err
	}
}

// isPage reports whether a link may open an address: nobody on the way can read it.
func isPage(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Fragment == "" && u.User == nil &&
		(u.Scheme == "https" && u.Hostname() != "" || u.Scheme == "http" && u.Hostname() == "localhost")
}
