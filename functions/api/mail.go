//go:build mail

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/functions/internal/post"
	"github.com/cognito-passkeys/cognito-passkeys/shared/api"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// addNotices has users told of what changes.
func addNotices(h *api.Handler, store notice.Store, s settings.Post, env settings.AWS) error {
	sender, err := post.New(s, env)
	h.Notices = &notice.Teller{Post: sender, Store: store}
	return err
}
