package awsapi

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

// SendEmailPath is where SES takes mails.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
const SendEmailPath = "/v2/email/outbound-emails"

// Mail is a mail that SES took.
type Mail struct {
	From, To, Subject, Text, HTML string

	At time.Time
}

// content is a text of a mail.
type content struct{ Charset, Data string }

// sendEmail is a request of SendEmail, as far as it is known here.
type sendEmail struct {
	FromEmailAddress     string
	ConfigurationSetName string
	Destination          struct{ ToAddresses []string }
	Content              struct {
		Simple *struct {
			Subject content
			Body    struct {
				Text content
				HTML content `json:"Html"`
			}
		}
	}
}

// serveSES takes a mail. Of SES's API, it is the only operation that is known.
func (s *Server) serveSES(w http.ResponseWriter, caller string, body []byte) error {
	var request sendEmail
	if err := decodeStrictly(body, &request); err != nil {
		return err
	}
	simple := request.Content.Simple
	if simple == nil || len(request.Destination.ToAddresses) != 1 {
		return refused(badMail, "want a simple mail to one address")
	}
	from, err := mail.ParseAddress(request.FromEmailAddress)
	if err != nil {
		return refused(badMail, "FromEmailAddress: %v", err)
	}
	if err := checkRecipient(request.Destination.ToAddresses[0]); err != nil {
		return err
	}
	if subject := simple.Subject.Data; subject == "" || strings.ContainsFunc(subject, unicode.IsControl) || simple.Body.Text.Data+simple.Body.HTML.Data == "" {
		return refused(badMail, "want a subject of one line, and a body")
	}
	if err := s.authorizeMail(caller, from.Address, request.ConfigurationSetName); err != nil {
		return err
	}
	if s.options.Mail != nil {
		s.options.Mail(Mail{
			From: request.FromEmailAddress, To: request.Destination.ToAddresses[0],
			Subject: simple.Subject.Data, Text: simple.Body.Text.Data, HTML: simple.Body.HTML.Data, At: s.options.Now(),
		})
	}
	text, err := json.Marshal(map[string]string{"MessageId": rand.Text()})
	if err != nil {
		return err
	}
	writeBody(w, http.StatusOK, text)
	return nil
}

// badMail is the type of the error for a mail that can't be sent as it is.
const badMail = "BadRequestException"

// checkRecipient refuses an address that SES can't reach: it doesn't know
// SMTPUTF8, so that the domain must be in Punycode and the rest in ASCII.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html
func checkRecipient(to string) error {
	notASCII := func(r rune) bool { return r > unicode.MaxASCII }
	if parsed, err := mail.ParseAddress(to); err != nil || parsed.Address != to || strings.ContainsFunc(to, notASCII) {
		return refused(badMail, "the recipient is no address, or not one in ASCII")
	}
	return nil
}

// authorizeMail refuses a mail that the caller's role doesn't allow. Which of a
// sender's identities is verified is not known here: the address, or a domain of
// it, must be one that the role names.
func (s *Server) authorizeMail(caller, from, configurationSet string) error {
	context := map[string][]string{iam.FromAddress: {from}}
	if configurationSet != "" {
		err := s.authorizeAll(caller, []iam.Call{{Action: "ses:SendEmail", Resource: s.arn("ses", "configuration-set/"+configurationSet), Context: context}})
		if err != nil {
			return err
		}
	}
	var failure error
	for _, identity := range slices.Backward(identitiesOf(from)) {
		failure = s.authorizeAll(caller, []iam.Call{{Action: "ses:SendEmail", Resource: s.arn("ses", "identity/"+identity), Context: context}})
		if failure == nil {
			return nil
		}
	}
	return failure
}

// identitiesOf are an address, its domain, and the domains above that.
func identitiesOf(address string) []string {
	identities := []string{address}
	_, domain, _ := strings.Cut(address, "@")
	for found := true; found; _, domain, found = strings.Cut(domain, ".") {
		identities = append(identities, domain)
	}
	return identities
}
