package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"

	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/archive"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials/dynamo"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

var exportPasskeys = command{
	name:    "export",
	does:    "writes passkeys as JSON lines, everybody's or one user's",
	needs:   "dynamodb:Scan and dynamodb:GetItem on the credential table, or with -user dynamodb:Query and dynamodb:GetItem",
	prepare: prepareExport,
}

func prepareExport(flags *flag.FlagSet) action {
	var from connection
	from.addTo(flags)
	name := flags.String("table", "", "name of the stack's credential table")
	sub := flags.String("user", "", "sub of one user")
	return func(ctx context.Context, s streams) error {
		if err := required(flags, "table"); err != nil {
			return err
		}
		cfg, err := from.config(ctx)
		if err != nil {
			return err
		}
		passkeys := store(cfg, *name)
		held := passkeys.All(ctx)
		if *sub != "" {
			held = of(ctx, passkeys, *sub)
		}
		out := bufio.NewWriter(s.out)
		count := 0
		for h, err := range held {
			if err != nil {
				return fmt.Errorf("reading table %s: %w", *name, err)
			}
			owner, err := passkeys.Owner(ctx, table.Hash(h.Passkey.ID))
			if errors.Is(err, credentials.ErrNotFound) {
				continue // removed meanwhile
			}
			if err != nil {
				return fmt.Errorf("reading a passkey's owner: %w", err)
			}
			if err := archive.Write(out, h, owner.UserName); err != nil {
				return fmt.Errorf("writing a passkey: %w", err)
			}
			count++
		}
		if err := out.Flush(); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.err, "%d passkeys\n", count)
		return err
	}
}

// of returns the passkeys of one user.
func of(ctx context.Context, passkeys *dynamo.Store, sub string) iter.Seq2[credentials.Held, error] {
	return func(yield func(credentials.Held, error) bool) {
		list, err := passkeys.Passkeys(ctx, sub)
		if err != nil {
			yield(credentials.Held{}, err)
			return
		}
		for _, p := range list {
			if !yield(credentials.Held{Sub: sub, Passkey: p}, nil) {
				return
			}
		}
	}
}
