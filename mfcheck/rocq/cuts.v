(* --- formulas of `values.v` on boxes that are cut in halves, with slopes --- *)
Module Cuts.
Lemma derive_opp : forall x : R, is_derive Ropp x (-1).
Proof. intros. change (is_derive (fun y => - y) x (-1)). auto_derive; auto. Qed.
Lemma derive_inv : forall x : R, x <> 0 -> is_derive Rinv x (- (1 / x ^ 2)).
Proof. intros. change (is_derive (fun y => / y) x (- (1 / x ^ 2))). auto_derive; auto. field. auto. Qed.
Lemma derive_pow : forall n (x : R), is_derive (fun y => y ^ S n) x (IZR (Z.of_nat (S n)) * x ^ n).
Proof. intros. rewrite <- INR_IZR_INZ. auto_derive; auto. exact (Rmult_1_l (INR (S n) * x ^ n)). Qed.
Lemma derive_ln : forall x : R, 0 < x -> is_derive ln x (1 / x).
Proof. intros. change (is_derive (fun y => ln y) x (1 / x)). auto_derive; auto; try (field; lra). Qed.
Lemma derive_sqrt : forall x : R, 0 < x -> is_derive sqrt x (1 / (2 * sqrt x)).
Proof. intros. change (is_derive (fun y => sqrt y) x (1 / (2 * sqrt x))). assert (0 < sqrt x) by now apply sqrt_lt_R0. auto_derive; auto; try (field; lra). Qed.
Lemma derive_atan : forall x : R, is_derive atan x (1 / (1 + x ^ 2)).
Proof. intros. change (is_derive (fun y => atan y) x (1 / (1 + x ^ 2))). pose proof (pow2_ge_0 x). auto_derive; auto; try (unfold Rsqr; simpl in *; field; lra). Qed.
Lemma some_same : forall A (a b : A), Some a = Some b -> a = b.
Proof. congruence. Qed.
Section Slope.
Variables (p q : F.precision) (c : I.type) (l : list I.type) (most : list (I.type * nat)).
Hypothesis Hc : holds c (2 / sqrt PI).
Hypothesis Hl : forall i, (i < length l)%nat -> holds (at_ l i) (gauss_coef i).
Notation ev := (ev p q c l most).
Definition both (op : I.type -> I.type -> I.type) (x y : option I.type) : option I.type :=
  match x, y with Some a, Some b => Some (op a b) | _, _ => None end.
Fixpoint total_slope (f : I.type -> option I.type) (k : Z) (n : nat) (acc : I.type) : option I.type :=
  match n with O => Some acc | S m => match f (I.fromZ p k) with Some a => total_slope f (k + 1) m (I.add p acc a) | None => None end end.
(* The slope of a formula whose names are in E and have slopes in D; nothing where it may have none. *)
Fixpoint dv (E D : list I.type) (f : form) : option I.type :=
  let chain := fun s f => match dv E D f with Some x => Some (I.mul p s x) | None => None end in
  match f with
  | GVar k => Some (List.nth k D I.nai) | GInt _ | GPi => Some I.zero
  | GNeg f => chain (I.fromZ p (-1)) f
  | GAdd f g => both (I.add p) (dv E D f) (dv E D g) | GSub f g => both (I.sub p) (dv E D f) (dv E D g)
  | GMul f g => both (I.add p) (chain (ev E g) f) (chain (ev E f) g)
  | GInv f => let X := ev E f in if signed X then chain (I.neg (over p (I.fromZ p 1) (I.sqr p X))) f else None
  | GDiv f g => let Y := ev E g in if signed Y then
      both (I.sub p) (chain (over p (I.fromZ p 1) Y) f) (chain (over p (ev E f) (I.sqr p Y)) g) else None
  | GMax _ _ | GMin _ _ => None
  | GPow f n => match n with O => Some I.zero | S m => chain (I.mul p (I.fromZ p (Z.of_nat n)) (raised p (ev E f) m)) f end
  | GExp g => chain (ev E f) g
  | GLn g => let X := ev E g in if above X then chain (over p (I.fromZ p 1) X) g else None
  | GSqrt g => if above (ev E g) then chain (over p (I.fromZ p 1) (I.mul p (I.fromZ p 2) (ev E f))) g else None
  | GSin g => chain (I.cos p (ev E g)) g | GCos g => chain (I.neg (I.sin p (ev E g))) g
  | GAtan g => chain (over p (I.fromZ p 1) (I.add p (I.fromZ p 1) (I.sqr p (ev E g)))) g
  | GTanh g => chain (I.sub p (I.fromZ p 1) (I.sqr p (ev E f))) g
  | GErf g => chain (I.mul p c (I.exp p (I.neg (I.sqr p (ev E g))))) g
  | GLet f g => match dv E D f with Some X => dv (cons (ev E f) E) (cons X D) g | None => None end
  | GSum a b f => total_slope (fun X => dv (cons X E) (cons I.zero D) f) a (Z.to_nat (b - a + 1)) I.zero
  end.
Definition sloped (X : I.type) (f : R -> R) (z : R) : Prop := exists d, is_derive f z d /\ holds X d.
(* The names move with z. *)
Definition carried (D : list I.type) (u : R -> list R) (z : R) : Prop := forall k, sloped (List.nth k D I.nai) (fun z : R => List.nth k (u z) 0) z.
Lemma carried_cons : forall D u X g z, carried D u z -> sloped X g z -> carried (cons X D) (fun z => cons (g z) (u z)) z.
Proof. intros D u X g z H G [|k]. exact G. exact (H k). Qed.
Lemma sloped_const : forall a z, sloped I.zero (fun _ => a) z.
Proof. intros. exists 0. split. exact (is_derive_const a z). exact holds_0. Qed.
Lemma sloped_chain : forall S X s (g h : R -> R) z, sloped X h z -> is_derive g (h z) s -> holds S s -> sloped (I.mul p S X) (fun z => g (h z)) z.
Proof.
  intros S X s g h z [d [H1 H2]] G HS. exists (s * d). split; [|now apply holds_mul]. rewrite Rmult_comm. exact (is_derive_comp g h z s d G H1).
Qed.
Lemma sloped_total : forall (f : R -> R -> R) F (z : R) n a, (forall k, (a <= k < a + Z.of_nat n)%Z -> forall X, F (I.fromZ p k) = Some X ->
  sloped X (fun z => f z (IZR k)) z) -> forall A X v, sloped A v z -> total_slope F a n A = Some X ->
  sloped X (fun z => v z + sum_from (f z) a n) z.
Proof.
  intros f F z. induction n; intros a H A X v HA; cbn [total_slope sum_from]; intros E.
  - injection E as <-. destruct HA as [d [H1 H2]]. exists d. split; auto. apply (is_derive_ext v); auto. intros. symmetry. apply Rplus_0_r.
  - destruct (F (I.fromZ p a)) as [B|] eqn:EB; [|discriminate E].
    destruct HA as [d [H1 H2]]. destruct (H a ltac:(lia) B EB) as [d' [H3 H4]].
    destruct (IHn (a + 1)%Z (fun k K => H k ltac:(lia)) (I.add p A B) X (fun z => v z + f z (IZR a))) as [r [R1 R2]]; auto.
    + exists (d + d'). split; [|now apply holds_add]. exact (is_derive_plus v (fun z => f z (IZR a)) z d d' H1 H3).
    + exists r. split; auto. eapply is_derive_ext; [|exact R1]. intros; cbv beta. apply Rplus_assoc.
Qed.
Theorem dv_correct : forall f E D u z, around E (u z) -> carried D u z -> forall X, dv E D f = Some X -> sloped X (fun z => val (u z) f) z.
Proof.
  assert (V : forall f E e, around E e -> holds (ev E f) (val e f)) by (intros; now apply ev_correct).
  assert (Chain : forall S E D f X s (g h : R -> R) z, match dv E D f with Some x => Some (I.mul p S x) | None => None end = Some X ->
    (forall Y, dv E D f = Some Y -> sloped Y h z) -> is_derive g (h z) s -> holds S s -> sloped X (fun z => g (h z)) z).
  { intros S E D f X s g h z H K G HS. destruct (dv E D f) as [Y|] eqn:Q; [|discriminate H]. apply some_same in H; subst X.
    apply sloped_chain with s; auto. }
  induction f; intros E D u w H M X Q; cbn [dv] in Q; cbn [val].
  - apply some_same in Q; subst X. apply M.
  - apply some_same in Q; subst X. apply (sloped_const (IZR z) w).
  - apply some_same in Q; subst X. apply (sloped_const PI w).
  - apply (Chain _ _ _ _ _ (-1) Ropp (fun z => val (u z) f) w Q); auto. now apply IHf.
    apply derive_opp. apply holds_Z.
  - destruct (signed (ev E f)) eqn:S; [|discriminate Q]. pose proof (V f E (u w) H) as HV. pose proof (signed_correct _ _ S HV) as N.
    apply (Chain _ _ _ _ _ (- (1 / val (u w) f ^ 2)) Rinv (fun z => val (u z) f) w Q); auto. now apply IHf.
    now apply derive_inv.
    apply holds_neg, holds_over. apply holds_Z. now apply (holds_square p).
  - unfold both in Q. destruct (dv E D f1) as [A|] eqn:QA; [|discriminate Q]. destruct (dv E D f2) as [B|] eqn:QB; [|discriminate Q].
    apply some_same in Q; subst X. destruct (IHf1 _ _ _ _ H M _ QA) as [d1 [D1 E1]], (IHf2 _ _ _ _ H M _ QB) as [d2 [D2 E2]].
    exists (d1 + d2). split; [|now apply holds_add]. exact (is_derive_plus _ _ _ _ _ D1 D2).
  - unfold both in Q. destruct (dv E D f1) as [A|] eqn:QA; [|discriminate Q]. destruct (dv E D f2) as [B|] eqn:QB; [|discriminate Q].
    apply some_same in Q; subst X. destruct (IHf1 _ _ _ _ H M _ QA) as [d1 [D1 E1]], (IHf2 _ _ _ _ H M _ QB) as [d2 [D2 E2]].
    exists (d1 - d2). split; [|now apply holds_sub]. exact (is_derive_minus _ _ _ _ _ D1 D2).
  - unfold both in Q. destruct (dv E D f1) as [A|] eqn:QA; [|discriminate Q]. destruct (dv E D f2) as [B|] eqn:QB; [|discriminate Q].
    apply some_same in Q; subst X. destruct (IHf1 _ _ _ _ H M _ QA) as [d1 [D1 E1]], (IHf2 _ _ _ _ H M _ QB) as [d2 [D2 E2]].
    exists (val (u w) f2 * d1 + val (u w) f1 * d2). split; [|apply holds_add; apply holds_mul; auto].
    replace (val (u w) f2 * d1) with (d1 * val (u w) f2) by ring.
    apply (is_derive_mult (fun z => val (u z) f1) (fun z => val (u z) f2)); auto. intros; apply Rmult_comm.
  - destruct (signed (ev E f2)) eqn:S; [|discriminate Q]. pose proof (V f2 E (u w) H) as HV. pose proof (signed_correct _ _ S HV) as N.
    unfold both in Q. destruct (dv E D f1) as [A|] eqn:QA; [|discriminate Q]. destruct (dv E D f2) as [B|] eqn:QB; [|discriminate Q].
    apply some_same in Q; subst X. destruct (IHf1 _ _ _ _ H M _ QA) as [d1 [D1 E1]], (IHf2 _ _ _ _ H M _ QB) as [d2 [D2 E2]].
    exists (1 / val (u w) f2 * d1 - val (u w) f1 / val (u w) f2 ^ 2 * d2). split.
    + replace (1 / val (u w) f2 * d1 - val (u w) f1 / val (u w) f2 ^ 2 * d2) with ((d1 * val (u w) f2 - val (u w) f1 * d2) / val (u w) f2 ^ 2) by (field; auto).
      exact (is_derive_div (fun z => val (u z) f1) (fun z => val (u z) f2) w d1 d2 D1 D2 N).
    + apply holds_sub; apply holds_mul; auto; apply holds_over; auto. apply holds_Z. now apply (holds_square p).
  - discriminate Q.
  - discriminate Q.
  - destruct n as [|n]. apply some_same in Q; subst X. apply (sloped_const 1 w).
    apply (Chain _ _ _ _ _ (IZR (Z.of_nat (S n)) * val (u w) f ^ n) (fun x => x ^ S n) (fun z => val (u z) f) w Q); auto. now apply IHf.
    + apply derive_pow.
    + apply holds_mul. apply holds_Z. apply raised_correct. auto.
  - apply (Chain _ _ _ _ _ (exp (val (u w) f)) exp (fun z => val (u z) f) w Q); auto. now apply IHf. apply is_derive_exp.
    exact (V (GExp f) E (u w) H).
  - destruct (above (ev E f)) eqn:S; [|discriminate Q]. pose proof (V f E (u w) H) as HV. pose proof (above_correct _ _ S HV) as N.
    apply (Chain _ _ _ _ _ (1 / val (u w) f) ln (fun z => val (u z) f) w Q); auto. now apply IHf.
    now apply derive_ln. apply holds_over; auto. apply holds_Z.
  - destruct (above (ev E f)) eqn:S; [|discriminate Q]. pose proof (V f E (u w) H) as HV. pose proof (above_correct _ _ S HV) as N.
    apply (Chain _ _ _ _ _ (1 / (2 * sqrt (val (u w) f))) sqrt (fun z => val (u z) f) w Q); auto. now apply IHf.
    now apply derive_sqrt. apply holds_over. apply holds_Z. apply holds_mul. apply holds_Z. exact (V (GSqrt f) E (u w) H).
  - apply (Chain _ _ _ _ _ (cos (val (u w) f)) sin (fun z => val (u z) f) w Q); auto. now apply IHf. apply is_derive_sin. exact (V (GCos f) E (u w) H).
  - apply (Chain _ _ _ _ _ (- sin (val (u w) f)) cos (fun z => val (u z) f) w Q); auto. now apply IHf. apply is_derive_cos.
    apply holds_neg. exact (V (GSin f) E (u w) H).
  - apply (Chain _ _ _ _ _ (1 / (1 + val (u w) f ^ 2)) atan (fun z => val (u z) f) w Q); auto. now apply IHf.
    apply derive_atan. apply holds_over. apply holds_Z. apply holds_add. apply holds_Z. apply (holds_square p). auto.
  - apply (Chain _ _ _ _ _ (1 - tanh (val (u w) f) ^ 2) tanh (fun z => val (u z) f) w Q); auto. now apply IHf. apply is_derive_tanh.
    apply holds_sub. apply holds_Z. apply (holds_square p). exact (V (GTanh f) E (u w) H).
  - apply (Chain _ _ _ _ _ (2 / sqrt PI * exp (- val (u w) f ^ 2)) erf (fun z => val (u z) f) w Q); auto. now apply IHf. apply is_derive_erf.
    apply holds_mul; auto. apply holds_exp, holds_neg, (holds_square p). auto.
  - destruct (dv E D f1) as [A|] eqn:QA; [|discriminate Q].
    apply (IHf2 (cons (ev E f1) E) (cons A D) (fun z => cons (val (u z) f1) (u z))); auto. apply around_cons; auto. apply carried_cons; auto. now apply (IHf1 E D).
  - unfold Sum. destruct (sloped_total (fun z x => val (cons x (u z)) f) _ w _ _
      (fun k K X Q => IHf (cons (I.fromZ p k) E) (cons I.zero D) (fun z => cons (IZR k) (u z)) w
        (around_cons _ _ _ _ H (holds_Z p k)) (carried_cons _ _ _ _ _ M (sloped_const (IZR k) w)) X Q) I.zero X (fun _ => 0) (sloped_const 0 w) Q) as [d [D1 D2]].
    exists d. split; auto. eapply is_derive_ext; [|exact D1]. intros; apply Rplus_0_l.
Qed.

(* --- pieces: from a/d to b/d --- *)
Definition piece := (Z * Z * Z)%type.
Definition inside (P : piece) (x : R) : Prop := let '(a, b, d) := P in (0 < d)%Z /\ IZR a / IZR d <= x <= IZR b / IZR d.
Definition side (P : piece) : I.type := let '(a, b, d) := P in if Z.eqb a b then ratio p a d else I.join (ratio p a d) (ratio p b d).
Definition sides (B : list piece) : list I.type := List.map side B.
Lemma side_correct : forall P x, inside P x -> holds (side P) x.
Proof.
  intros [[a b] d] x [D H]. unfold side. destruct (Z.eqb_spec a b) as [->|N].
  - replace x with (IZR b / IZR d) by lra. apply ratio_correct.
  - apply (holds_join _ _ (IZR a / IZR d) (IZR b / IZR d)); auto; apply ratio_correct.
Qed.
Lemma sides_correct : forall B e, List.Forall2 inside B e -> around (sides B) e.
Proof.
  intros B e H. induction H; intros k. destruct k; apply holds_nai. destruct k as [|k]. now apply side_correct. exact (IHForall2 k).
Qed.
Fixpoint put {A} (k : nat) (x : A) (e : list A) {struct e} : list A :=
  match e with nil => nil | cons y r => match k with O => cons x r | S j => cons y (put j x r) end end.
Lemma put_inside : forall B e, List.Forall2 inside B e -> forall k P x, inside P x -> List.Forall2 inside (put k P B) (put k x e).
Proof.
  intros B e H. induction H; intros k P z HP; simpl. constructor. destruct k; constructor; auto.
Qed.
Lemma lengths : forall B e, List.Forall2 inside B e -> length B = length e.
Proof. intros B e H. induction H; simpl; auto. Qed.
Lemma put_same : forall (e : list R) k, put k (List.nth k e 0) e = e.
Proof. induction e; intros [|k]; simpl; auto. now rewrite IHe. Qed.
Lemma nth_inside : forall B e, List.Forall2 inside B e -> forall k P, List.nth_error B k = Some P -> inside P (List.nth k e 0).
Proof.
  intros B e H. induction H; intros [|k] P Q; simpl in *; try discriminate. now injection Q as <-. now apply IHForall2.
Qed.
Lemma put_piece : forall B e, List.Forall2 inside B e -> forall k x P, inside P x -> List.nth_error B k = Some P -> List.Forall2 inside B (put k x e).
Proof.
  intros B e H. induction H; intros [|k] z P HP Q; simpl in *; try discriminate. injection Q as <-. now constructor. constructor; eauto.
Qed.
(* Slopes of the names when the k-th moves. *)
Definition moving (n k : nat) : list I.type := List.map (fun j => if Nat.eqb j k then I.fromZ p 1 else I.zero) (List.seq 0 n).
Lemma moving_correct : forall n k e z, (k < length e)%nat -> carried (moving n k) (fun z => put k z e) z.
Proof.
  intros n k e z L j. unfold moving. destruct (lt_dec j n) as [J|J].
  - rewrite (List.nth_indep _ _ (if Nat.eqb O k then I.fromZ p 1 else I.zero)) by (now rewrite List.map_length, List.seq_length).
    rewrite (List.map_nth (fun j => if Nat.eqb j k then I.fromZ p 1 else I.zero)), List.seq_nth by auto. simpl Nat.add.
    destruct (Nat.eqb_spec j k) as [->|N].
    + exists 1. split; [|apply holds_Z]. apply (is_derive_ext (fun z => z)). 2: exact (is_derive_id z).
      clear n J. revert k L. induction e as [|y e IHe]; intros k L t. simpl in L; lia. destruct k; simpl; auto. apply IHe. simpl in L; lia.
    + exists 0. split; [|exact holds_0]. apply (is_derive_ext (fun _ => List.nth j e 0)). 2: exact (is_derive_const _ z).
      clear n J L. revert j k N. induction e as [|y e IHe]; intros j k N t. destruct j, k; reflexivity.
      destruct j, k; simpl; auto. now contradiction N. 
  - exists (Derive (fun z => List.nth j (put k z e) 0) z). rewrite List.nth_overflow by (rewrite List.map_length, List.seq_length; lia).
    split; [|apply holds_nai]. apply Derive_correct. destruct (Nat.eq_dec j k) as [->|N].
    + exists 1. apply (is_derive_ext (fun z => z)). 2: exact (is_derive_id z).
      clear n J. revert k L. induction e as [|y e IHe]; intros k L t. simpl in L; lia. destruct k; simpl; auto. apply IHe. simpl in L; lia.
    + exists 0. apply (is_derive_ext (fun _ => List.nth j e 0)). 2: exact (is_derive_const _ z).
      clear n J L. revert j k N. induction e as [|y e IHe]; intros j k N t. destruct j, k; reflexivity.
      destruct j, k; simpl; auto. now contradiction N.
Qed.
Definition wide (P : piece) : bool := let '(a, b, _) := P in Z.ltb a b.
Definition low (P : piece) : piece := let '(a, b, d) := P in (a, a, d).
Definition high (P : piece) : piece := let '(a, b, d) := P in (b, b, d).
Definition middle (P : piece) : piece := let '(a, b, d) := P in (a + b, a + b, 2 * d)%Z.
Definition first_half (P : piece) : piece := let '(a, b, d) := P in (2 * a, a + b, 2 * d)%Z.
Definition last_half (P : piece) : piece := let '(a, b, d) := P in (a + b, 2 * b, 2 * d)%Z.
Definition point (P : piece) : R := let '(a, _, d) := P in IZR a / IZR d.
Lemma ends_inside : forall P x, inside P x -> (inside (low P) (point (low P)) /\ inside P (point (low P)) /\ point (low P) <= x) /\
  (inside (high P) (point (high P)) /\ inside P (point (high P)) /\ x <= point (high P)) /\
  (inside (middle P) (point (middle P)) /\ inside P (point (middle P))) /\ (inside (first_half P) x \/ inside (last_half P) x).
Proof.
  intros [[a b] d] x [D [A B]]. assert (PD : 0 < IZR d) by now apply IZR_lt.
  assert (M : IZR (a + b) / IZR (2 * d) = (IZR a / IZR d + IZR b / IZR d) / 2) by (rewrite mult_IZR, plus_IZR; field; lra).
  assert (H2 : forall z, IZR (2 * z) / IZR (2 * d) = IZR z / IZR d) by (intros; rewrite !mult_IZR; field; lra).
  unfold low, high, middle, first_half, last_half, inside, point. rewrite !H2, !M.
  repeat match goal with |- _ /\ _ => split end; try lra; try lia.
  destruct (Rle_dec x ((IZR a / IZR d + IZR b / IZR d) / 2)); [left | right]; (split; [lia | lra]).
Qed.
(* One name alone moves. *)
Lemma moved : forall B e f k P X n, List.Forall2 inside B e -> List.nth_error B k = Some P -> dv (sides B) (moving n k) f = Some X ->
  forall y z, inside P y -> inside P z -> exists r, holds X r /\ val (put k z e) f - val (put k y e) f = r * (z - y).
Proof.
  intros B e f k P X n H Q S y z Y Z. assert (L : (k < length e)%nat).
  { rewrite <- (lengths _ _ H). apply List.nth_error_Some. now rewrite Q. }
  assert (K : forall t, inside P t -> sloped X (fun z => val (put k z e) f) t).
  { intros t T. apply (dv_correct f (sides B) (moving n k) (fun z => put k z e) t); auto.
    - apply sides_correct. now apply put_piece with P.
    - now apply moving_correct. }
  assert (In : forall t, Rmin y z <= t <= Rmax y z -> inside P t).
  { destruct P as [[a b] d], Y as [D Y], Z as [_ Z]. intros t T. split; auto. unfold Rmin, Rmax in T. destruct (Rle_dec y z); lra. }
  destruct (MVT_gen (fun z => val (put k z e) f) y z (Derive (fun z => val (put k z e) f))) as [t [T E]].
  - intros t T. apply Derive_correct. destruct (K t (In t ltac:(lra))) as [r [R1 _]]. now exists r.
  - intros t T. apply continuity_pt_filterlim. apply (ex_derive_continuous (fun z => val (put k z e) f)).
    destruct (K t (In t T)) as [r [R1 _]]. now exists r.
  - destruct (K t (In t T)) as [r [R1 R2]]. exists r. split; auto. rewrite E. f_equal. now apply is_derive_unique.
Qed.
Inductive found := Done | Less (B : list piece) | Nothing.
Fixpoint by_slope (B : list piece) (f : form) (n : nat) (ks : list nat) : found :=
  match ks with
  | nil => Nothing
  | cons k rest =>
    match List.nth_error B k with
    | Some P =>
      if wide P then match dv (sides B) (moving n k) f with
        | Some X =>
          if known_nonneg X then Less (put k (low P) B) else if known_nonneg (I.neg X) then Less (put k (high P) B)
          else if known_nonneg (I.add p (ev (sides (put k (middle P) B)) f) (I.mul p X (I.sub p (side P) (side (middle P)))))
          then Done else by_slope B f n rest
        | None => by_slope B f n rest end
      else by_slope B f n rest
    | None => by_slope B f n rest end
  end.
Definition settled (r : found) (f : form) : Prop :=
  match r with Done => True | Less B => forall e, List.Forall2 inside B e -> 0 <= val e f | Nothing => False end.
Lemma by_slope_correct : forall B f n ks, settled (by_slope B f n ks) f -> forall e, List.Forall2 inside B e -> 0 <= val e f.
Proof.
  intros B f n. induction ks as [|k ks]; cbn [by_slope]; [contradiction|].
  destruct (List.nth_error B k) as [P|] eqn:Q; auto. destruct (wide P); auto. destruct (dv (sides B) (moving n k) f) as [X|] eqn:S; auto.
  assert (M : forall e, List.Forall2 inside B e -> inside P (List.nth k e 0) /\ forall y, inside P y -> exists r, holds X r /\
    val e f = val (put k y e) f + r * (List.nth k e 0 - y)).
  { intros e H. pose proof (nth_inside B e H k P Q) as Z. split; auto. intros y Y.
    destruct (moved B e f k P X n H Q S y _ Y Z) as [r [R1 R2]]. exists r. split; auto. rewrite put_same in R2. lra. }
  destruct (known_nonneg X) eqn:S1; [|destruct (known_nonneg (I.neg X)) eqn:S2; [|destruct (known_nonneg (I.add p _ _)) eqn:S3; auto]].
  - cbn [settled]. intros H e He. destruct (M e He) as [Z K]. destruct (ends_inside P _ Z) as [[E1 [E2 E3]] _].
    destruct (K _ E2) as [r [R1 R2]]. pose proof (known_nonneg_correct _ _ S1 R1). specialize (H _ (put_inside B e He k _ _ E1)).
    rewrite R2. assert (0 <= r * (List.nth k e 0 - point (low P))) by (apply Rmult_le_pos; lra). lra.
  - cbn [settled]. intros H e He. destruct (M e He) as [Z K]. destruct (ends_inside P _ Z) as [_ [[E1 [E2 E3]] _]].
    destruct (K _ E2) as [r [R1 R2]]. pose proof (known_nonneg_correct _ _ S2 (holds_neg _ _ R1)). specialize (H _ (put_inside B e He k _ _ E1)).
    rewrite R2. assert (0 <= (- r) * (point (high P) - List.nth k e 0)) by (apply Rmult_le_pos; lra). lra.
  - intros _ e He. destruct (M e He) as [Z K]. destruct (ends_inside P _ Z) as [_ [_ [[E1 E2] _]]].
    destruct (K _ E2) as [r [R1 R2]]. rewrite R2. apply (known_nonneg_correct _ _ S3). apply holds_add.
    + apply (ev_correct p q c l most Hc Hl). apply sides_correct. now apply put_inside.
    + apply holds_mul; auto. apply holds_sub; now apply side_correct.
Qed.
(* What is to be at least 0. *)
Definition margin (g : goal) : option form := match g with AtLeast a f => Some (GSub f a) | AtMost f b => Some (GSub b f) | _ => None end.
Lemma margin_correct : forall g f e, margin g = Some f -> (0 <= val e f <-> said e g).
Proof. intros [f|f|f|a f|f b|a f b|a b g] f' e H; simpl in H; try discriminate H; injection H as <-; simpl; split; intros; lra. Qed.
Definition wider (P Q : piece) : bool := let '(a, b, d) := P in let '(a', b', d') := Q in Z.ltb ((b - a) * d') ((b' - a') * d).
Fixpoint widest (B : list piece) (k best : nat) (P : piece) : nat :=
  match B with nil => best | cons Q rest => if wider P Q then widest rest (S k) k Q else widest rest (S k) best P end.
Fixpoint cut (fuel : nat) (B : list piece) (g : goal) : bool :=
  if shown p q c l most (sides B) g then true else
  match fuel with
  | O => false
  | S m =>
    let n := List.length B in
    match match margin g with Some f => by_slope B f n (List.seq 0 n) | None => Nothing end with
    | Done => true
    | Less B' => cut m B' g
    | Nothing =>
      let k := widest B O O (0, 0, 1)%Z in
      match List.nth_error B k with
      | Some P => if wide P then if cut m (put k (first_half P) B) g then cut m (put k (last_half P) B) g else false else false
      | None => false
      end
    end
  end.
Lemma put_half : forall B e, List.Forall2 inside B e -> forall k P, inside P (List.nth k e 0) -> List.Forall2 inside (put k P B) e.
Proof. intros B e H k P HP. rewrite <- (put_same e k). now apply put_inside. Qed.
Theorem cut_correct : forall fuel B g, cut fuel B g = true -> forall e, List.Forall2 inside B e -> said e g.
Proof.
  induction fuel as [|m IH]; intros B g H e He; cbn [cut] in H; destruct (shown p q c l most (sides B) g) eqn:S;
    try (apply (shown_correct p q c l most Hc Hl g _ e (sides_correct B e He) S)); [discriminate H|]. cbv zeta in H.
  assert (Halve : (let k := widest B O O (0, 0, 1)%Z in match List.nth_error B k with
      | Some P => if wide P then if cut m (put k (first_half P) B) g then cut m (put k (last_half P) B) g else false else false
      | None => false end) = true -> said e g).
  { cbv zeta. clear H. generalize (widest B O O (0, 0, 1)%Z). intros k H. destruct (List.nth_error B k) as [P|] eqn:Q; [|discriminate H].
    destruct (wide P); [|discriminate H]. destruct (cut m (put k (first_half P) B) g) eqn:C1; [|discriminate H].
    pose proof (nth_inside B e He k P Q) as Z. destruct (ends_inside P _ Z) as [_ [_ [_ [F|F]]]].
    - apply (IH _ _ C1). now apply put_half.
    - apply (IH _ _ H). now apply put_half. }
  destruct (margin g) as [f|] eqn:G; [|now apply Halve].
  destruct (by_slope B f (List.length B) (List.seq 0 (List.length B))) eqn:Y; [| |now apply Halve].
  - apply (margin_correct g f e G). apply (by_slope_correct B f (List.length B) (List.seq 0 (List.length B))); auto. now rewrite Y.
  - apply (margin_correct g f e G). apply (by_slope_correct B f (List.length B) (List.seq 0 (List.length B))); auto. rewrite Y.
    cbn [settled]. intros e' He'. apply (margin_correct g f e' G). now apply (IH _ _ H).
Qed.
End Slope.
Definition cut_check (h : hints) (fuel : nat) (B : list piece) (gs : list goal) : bool :=
  set_up h (fun p q c t most => List.forallb (cut p q c t most fuel B) gs).
Lemma all_said : forall e gs, (forall g, List.In g gs -> said e g) -> all e gs.
Proof. intros e. induction gs as [|g gs]; simpl; auto. intros H. destruct gs; [apply H; auto|]. split; [apply H; auto | apply IHgs; auto]. Qed.
Theorem cut_right : forall h fuel B gs, cut_check h fuel B gs = true -> forall e, List.Forall2 inside B e -> all e gs.
Proof.
  intros [[[p q] n] most] fuel B gs H e He. unfold cut_check, set_up in H. cbv zeta in H. apply all_said. intros g G.
  rewrite List.forallb_forall in H. refine (cut_correct _ _ _ _ _ _ _ fuel B g (H g G) e He). apply holds_root_pi. apply table_right.
Qed.
End Cuts.
