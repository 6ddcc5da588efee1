package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// secretProperties are those of a provisioning.SecretType.
type secretProperties struct {
	parameter     string
	kind          secret.Kind
	rotation      int
	removal       string
	encryptionKey *string // nil: AWS's own
}

// passwordClientProperties are those of a provisioning.PasswordClientType.
type passwordClientProperties struct {
	table          string
	id             string
	relyingPartyID string
}

// clientProperties are those of a provisioning.ClientType.
type clientProperties struct {
	table            string
	id               string
	relyingPartyID   string
	userVerification string
	methods          []string
	policy           string // empty: provisioning.PolicyPreferred
}

// poolProperties are those of a provisioning.PoolType.
type poolProperties struct {
	table            string
	id               string
	triggers         map[string]string // trigger → ARN of the function; those that the pool gets
	replace          []string          // triggers
	attributes       []string
	clients          []string
	passwordClients  []string
	withoutPasswords bool // the clients may take no password
	userVerification string
	mail             bool // users may sign in by a mailed link or code
	foldUserNames    bool
}

func parseSecret(values map[string]any) (secretProperties, error) {
	p := properties{values: values}
	return secretProperties{
		parameter:     p.text(provisioning.Parameter),
		kind:          secret.Kind(p.oneOf(provisioning.Kind, provisioning.KindSigning, provisioning.KindSymmetric, provisioning.KindPepper)),
		rotation:      p.count(provisioning.Rotation),
		removal:       p.oneOf(provisioning.RemovalPolicy, provisioning.Retain, provisioning.Destroy, provisioning.Adopted),
		encryptionKey: p.optional(provisioning.EncryptionKey),
	}, errors.Join(p.problems...)
}

func parseClient(values map[string]any) (clientProperties, error) {
	p := properties{values: values}
	return clientProperties{
		table:            p.text(provisioning.TableName),
		id:               p.text(provisioning.ClientID),
		relyingPartyID:   p.text(provisioning.RelyingPartyID),
		userVerification: p.text(provisioning.UserVerification),
		methods:          p.some(provisioning.Methods),
		policy:           p.oneOfOrNone(provisioning.Policy, provisioning.PolicyPreferred, provisioning.PolicyRequired),
	}, errors.Join(p.problems...)
}

func parsePasswordClient(values map[string]any) (passwordClientProperties, error) {
	p := properties{values: values}
	return passwordClientProperties{
		table:          p.text(provisioning.TableName),
		id:             p.text(provisioning.ClientID),
		relyingPartyID: p.text(provisioning.RelyingPartyID),
	}, errors.Join(p.problems...)
}

func parsePool(values map[string]any) (poolProperties, error) {
	p := properties{values: values}
	p.count(provisioning.Attachment) // whose increase alone is the message
	return poolProperties{
		table:            p.text(provisioning.TableName),
		id:               p.text(provisioning.UserPoolID),
		triggers:         p.byName(provisioning.Triggers, triggerNames),
		replace:          p.subset(provisioning.Replace, triggerNames),
		attributes:       p.list(provisioning.Attributes),
		clients:          p.list(provisioning.ClientIDs),
		passwordClients:  p.list(provisioning.PasswordClientIDs),
		withoutPasswords: p.oneOfOrNone(provisioning.WithoutPasswords, "true", "false") == "true",
		userVerification: p.text(provisioning.UserVerification),
		mail:             p.oneOfOrNone(provisioning.Mail, "true", "false") == "true",
		foldUserNames:    p.oneOf(provisioning.FoldUserNames, "true", "false") == "true",
	}, errors.Join(p.problems...)
}

// properties reads resource properties and gathers what is wrong with them.
type properties struct {
	values   map[string]any // property → value, of which CloudFormation makes strings
	problems []error
}

func (p *properties) refuse(name string, want string) {
	p.problems = append(p.problems, fmt.Errorf("property %s is %#v: want %s", name, p.values[name], want))
}

func (p *properties) text(name string) string {
	text, _ := p.values[name].(string)
	if text == "" {
		p.refuse(name, "text")
	}
	return text
}

// optional returns nil for what is absent.
func (p *properties) optional(name string) *string {
	if p.values[name] == nil {
		return nil
	}
	text := p.text(name)
	return &text
}

func (p *properties) oneOf(name string, allowed ...string) string {
	text, _ := p.values[name].(string)
	if !slices.Contains(allowed, text) {
		p.refuse(name, fmt.Sprintf("one of %q", allowed))
	}
	return text
}

// oneOfOrNone returns "" for what is absent.
func (p *properties) oneOfOrNone(name string, allowed ...string) string {
	if p.values[name] == nil {
		return ""
	}
	return p.oneOf(name, allowed...)
}

func (p *properties) count(name string) int {
	n, err := strconv.Atoi(fmt.Sprint(p.values[name]))
	if err != nil || n < 0 {
		p.refuse(name, "a whole number from 0")
	}
	return n
}

// some reads a list that must not be empty.
func (p *properties) some(name string) []string {
	if values, _ := p.values[name].([]any); len(values) == 0 {
		p.refuse(name, "a list of texts")
		return nil
	}
	return p.list(name)
}

// list reads a list that may be empty, or absent.
func (p *properties) list(name string) []string {
	values, isList := p.values[name].([]any)
	var list []string
	for _, value := range values {
		if text, ok := value.(string); ok && text != "" {
			list = append(list, text)
		}
	}
	if p.values[name] != nil && !isList || len(list) != len(values) {
		p.refuse(name, "a list of texts")
	}
	return list
}

// byName reads a map of texts that must not be empty, of which only some names are allowed.
func (p *properties) byName(name string, allowed []string) map[string]string {
	values, _ := p.values[name].(map[string]any)
	texts := map[string]string{}
	for key, value := range values {
		if text, ok := value.(string); ok && text != "" && slices.Contains(allowed, key) {
			texts[key] = text
		}
	}
	if len(texts) == 0 || len(texts) != len(values) {
		p.refuse(name, fmt.Sprintf("a text by some of the names %q", allowed))
	}
	return texts
}

// subset reads a list, perhaps empty, of allowed texts.
func (p *properties) subset(name string, allowed []string) []string {
	list := p.list(name)
	if slices.ContainsFunc(list, func(text string) bool { return !slices.Contains(allowed, text) }) {
		p.refuse(name, fmt.Sprintf("some of %q", allowed))
	}
	return list
}
