(* --- means of a function of a standard normal variable, as improper integrals --- *)
Definition bell (x : R) : R := exp (- (x ^ 2 / 2)).
Definition whole_integral (g : R -> R) (l : R) : Prop := is_RInt_gen g (Rbar_locally m_infty) (Rbar_locally p_infty) l.
Definition Mean (f : R -> R) : R :=
  RInt_gen (fun x => f x * bell x) (Rbar_locally m_infty) (Rbar_locally p_infty) / sqrt (2 * PI).
(* The mean exists. *)
Definition has_mean (f : R -> R) : Prop := whole_integral (fun x => f x * bell x) (Mean f * sqrt (2 * PI)).

Lemma sqrt_2pi : 0 < sqrt (2 * PI).
Proof. apply sqrt_lt_R0. pose proof PI_RGT_0. lra. Qed.
Lemma mean_is : forall f l, whole_integral (fun x => f x * bell x) l -> has_mean f /\ Mean f = l / sqrt (2 * PI).
Proof.
  intros f l H. pose proof sqrt_2pi. assert (E : Mean f = l / sqrt (2 * PI)).
  { unfold Mean. f_equal. apply is_RInt_gen_unique. exact H. }
  split; auto. unfold has_mean. rewrite E. replace (l / sqrt (2 * PI) * sqrt (2 * PI)) with l by (field; lra). exact H.
Qed.
Lemma bell_continuous : forall x, continuous bell x.
Proof.
  intros. apply (ex_derive_continuous bell). unfold bell. auto_derive. auto.
Qed.

(* What is at most c exp(k|x|), from places on that are above 2k. *)
Definition tails (c : R) (k : nat) (N R0 : R) : R := 2 * (c * exp (- (R0 / 2 - INR k) * N) / (R0 / 2 - INR k)).
Section Line.
Variables (f : R -> R) (c : R) (k : nat) (R0 : R).
Hypothesis f_bound : forall x, Rabs (f x) <= c * exp (INR k * Rabs x).
Hypothesis far : 2 * INR k < R0.
Let q := R0 / 2 - INR k.
Let g (x : R) := f x * bell x.
Hypothesis f_integrable : forall a b, ex_RInt g a b.

Lemma c_nonneg : 0 <= c.
Proof. pose proof (f_bound 0). pose proof (Rabs_pos (f 0)). rewrite Rabs_R0, Rmult_0_r, exp_0 in H. lra. Qed.
Lemma g_bound : forall x, R0 <= Rabs x -> Rabs (g x) <= c * exp (- q * Rabs x).
Proof.
  intros x Hx. pose proof c_nonneg. unfold g, bell. rewrite Rabs_mult, (Rabs_pos_eq (exp _)) by (left; apply exp_pos).
  apply Rle_trans with (c * exp (INR k * Rabs x) * exp (- (x ^ 2 / 2))).
  - apply Rmult_le_compat_r; auto. left; apply exp_pos.
  - rewrite Rmult_assoc, <- exp_plus. apply Rmult_le_compat_l; auto.
    assert (INR k * Rabs x + - (x ^ 2 / 2) <= - q * Rabs x).
    { rewrite <- pow2_abs. unfold q. pose proof (pos_INR k). pose proof (Rabs_pos x). simpl. nra. }
    destruct H0 as [H0|H0]. left; now apply exp_increasing. rewrite H0. lra.
Qed.
Lemma exponential_area : forall s a b, s <> 0 -> is_RInt (fun x => c * exp (s * x)) a b (c * exp (s * b) / s - c * exp (s * a) / s).
Proof.
  intros. apply (is_RInt_derive (fun x => c * exp (s * x) / s) (fun x => c * exp (s * x))).
  - intros. auto_derive; auto. field. auto.
  - intros. apply (ex_derive_continuous (fun x => c * exp (s * x))). auto_derive. auto.
Qed.
Lemma q_positive : 0 < q.
Proof. unfold q. lra. Qed.
Lemma R0_nonneg : 0 <= R0.
Proof. pose proof (pos_INR k). lra. Qed.
Lemma right_tail : forall a b, R0 <= a -> a <= b -> Rabs (RInt g a b) <= c * exp (- q * a) / q.
Proof.
  intros a b A B. pose proof q_positive. pose proof c_nonneg. pose proof R0_nonneg.
  pose proof (exponential_area (- q) a b ltac:(lra)) as E.
  apply Rle_trans with (RInt (fun x => Rabs (g x)) a b). apply abs_RInt_le; auto.
  apply Rle_trans with (RInt (fun x => c * exp (- q * x)) a b).
  - apply RInt_le; auto. apply (ex_RInt_norm g). apply f_integrable. eexists; exact E.
    intros. pose proof (g_bound x) as K. rewrite (Rabs_pos_eq x) in K by lra. apply K. lra.
  - rewrite (is_RInt_unique _ _ _ _ E). assert (0 <= c * exp (- q * b) / q).
    { apply Rmult_le_pos. apply Rmult_le_pos; auto. left; apply exp_pos. left; now apply Rinv_0_lt_compat. }
    replace (c * exp (- q * b) / - q) with (- (c * exp (- q * b) / q)) by (field; lra).
    replace (c * exp (- q * a) / - q) with (- (c * exp (- q * a) / q)) by (field; lra). lra.
Qed.
Lemma left_tail : forall a b, a <= b -> b <= - R0 -> Rabs (RInt g a b) <= c * exp (- q * - b) / q.
Proof.
  intros a b B A. pose proof q_positive. pose proof c_nonneg. pose proof R0_nonneg.
  pose proof (exponential_area q a b ltac:(lra)) as E.
  apply Rle_trans with (RInt (fun x => Rabs (g x)) a b). apply abs_RInt_le; auto.
  apply Rle_trans with (RInt (fun x => c * exp (q * x)) a b).
  - apply RInt_le; auto. apply (ex_RInt_norm g). apply f_integrable. eexists; exact E.
    intros. pose proof (g_bound x) as K. rewrite (Rabs_left1 x) in K by lra. replace (- q * - x) with (q * x) in K by ring. apply K. lra.
  - rewrite (is_RInt_unique _ _ _ _ E). replace (- q * - b) with (q * b) by ring. assert (0 <= c * exp (q * a) / q).
    { apply Rmult_le_pos. apply Rmult_le_pos; auto. left; apply exp_pos. left; now apply Rinv_0_lt_compat. } lra.
Qed.
Lemma near_whole : forall N a b, R0 <= N -> a <= - N -> N <= b -> Rabs (RInt g a b - RInt g (- N) N) <= tails c k N R0.
Proof.
  intros N a b HN A B. pose proof R0_nonneg. unfold tails. fold q.
  rewrite <- (RInt_Chasles g a (- N) b) by apply f_integrable. rewrite <- (RInt_Chasles g (- N) N b) by apply f_integrable.
  unfold plus; simpl. replace (RInt g a (- N) + (RInt g (- N) N + RInt g N b) - RInt g (- N) N) with (RInt g a (- N) + RInt g N b) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). pose proof (right_tail N b HN B). pose proof (left_tail a (- N) A ltac:(lra)).
  rewrite Ropp_involutive in H1. lra.
Qed.
Lemma tails_vanish : forall eps, 0 < eps -> exists N, R0 <= N /\ tails c k N R0 < eps.
Proof.
  intros eps He. pose proof q_positive. pose proof c_nonneg. pose proof R0_nonneg.
  set (N := R0 + (2 * c / (q * q * eps) + 1)).
  assert (D : 0 < q * q * eps) by (repeat apply Rmult_lt_0_compat; auto).
  assert (P : 0 <= 2 * c / (q * q * eps)) by (apply Rmult_le_pos; [lra | left; now apply Rinv_0_lt_compat]).
  exists N. split; [unfold N; lra|]. unfold tails. fold q.
  assert (N1 : 0 < q * N) by (apply Rmult_lt_0_compat; auto; unfold N; lra).
  replace (- q * N) with (- (q * N)) by ring. rewrite exp_Ropp.
  assert (E : q * N < exp (q * N)) by (pose proof (exp_ineq1 (q * N) ltac:(lra)); lra).
  apply Rle_lt_trans with (2 * (c * / (q * N) / q)).
  - apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_r. left; now apply Rinv_0_lt_compat. apply Rmult_le_compat_l; auto.
    left. apply Rinv_lt_contravar; auto. apply Rmult_lt_0_compat; auto. apply exp_pos.
  - replace (2 * (c * / (q * N) / q)) with (2 * c / (q * q * N)) by (field; split; unfold N; lra).
    assert (DN : 0 < q * q * N) by (apply Rmult_lt_0_compat; [now apply Rmult_lt_0_compat | unfold N; lra]).
    apply Rmult_lt_reg_r with (q * q * N); auto. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra.
    assert (2 * c < eps * (q * q * N)); [|lra].
    replace (eps * (q * q * N)) with (q * q * eps * R0 + (2 * c + q * q * eps)) by (unfold N; field; lra).
    assert (0 <= q * q * eps * R0) by (apply Rmult_le_pos; lra). lra.
Qed.
Lemma whole_exists_if : exists l, whole_integral g l /\ forall N, R0 <= N -> Rabs (l - RInt g (- N) N) <= tails c k N R0.
Proof.
  pose proof R0_nonneg as RP.
  assert (C : Cauchy_crit (fun n => RInt g (- INR n) (INR n))).
  { intros eps He. destruct (tails_vanish (eps / 2) ltac:(lra)) as [N [N1 N2]].
    exists (Z.to_nat (up N)). intros n m Hn Hm.
    assert (U : forall n, (n >= Z.to_nat (up N))%nat -> N <= INR n).
    { intros j Hj. apply le_INR in Hj. rewrite INR_IZR_INZ, Z2Nat.id in Hj. pose proof (archimed N). lra.
      apply le_IZR. pose proof (archimed N). lra. }
    apply U in Hn, Hm. unfold R_dist.
    pose proof (near_whole N (- INR n) (INR n) N1 ltac:(lra) Hn). pose proof (near_whole N (- INR m) (INR m) N1 ltac:(lra) Hm).
    apply Rabs_le_between in H, H0. apply Rabs_def1; lra. }
  destruct (Rcomplete.R_complete _ C) as [l L]. exists l.
  assert (K : forall N, R0 <= N -> forall a b, a <= - N -> N <= b -> Rabs (RInt g a b - l) <= 2 * tails c k N R0 /\ Rabs (l - RInt g (- N) N) <= tails c k N R0).
  { intros N HN a b A B.
    assert (Q : Rabs (l - RInt g (- N) N) <= tails c k N R0).
    { apply le_epsilon. intros eps He. destruct (L eps He) as [n0 Hn]. unfold R_dist in Hn.
      set (n := Nat.max n0 (Z.to_nat (up N))). specialize (Hn n ltac:(lia)).
      assert (N <= INR n).
      { assert (Hj : (Z.to_nat (up N) <= n)%nat) by lia. apply le_INR in Hj. rewrite INR_IZR_INZ, Z2Nat.id in Hj. pose proof (archimed N). lra.
        apply le_IZR. pose proof (archimed N). lra. }
      pose proof (near_whole N (- INR n) (INR n) HN ltac:(lra) H) as W. apply Rabs_def2 in Hn. apply Rabs_le_between in W.
      apply Rabs_le. lra. }
    split; auto. pose proof (near_whole N a b HN A B) as W. apply Rabs_le_between in W, Q. apply Rabs_le. lra. }
  split.
  - intros P [eps HP]. destruct (tails_vanish (eps / 3)) as [N [N1 N2]]. destruct eps as [e He]; simpl; lra.
    apply (Filter_prod _ _ _ (fun a => a < - N) (fun b => N < b)). exists (- N); auto. exists N; auto.
    intros a b A B. exists (RInt g a b). split. apply (RInt_correct g). apply f_integrable.
    apply HP. unfold ball; simpl; unfold AbsRing_ball; simpl. unfold abs, minus, plus, opp; simpl.
    destruct (K N N1 a b ltac:(lra) ltac:(lra)) as [W _]. unfold Rminus in W. destruct eps as [e He]; simpl in *. lra.
  - intros N HN. apply (K N HN (- N) N); lra.
Qed.
End Line.
Lemma g_integrable : forall f, (forall x, continuous f x) -> forall a b, ex_RInt (fun x => f x * bell x) a b.
Proof.
  intros. apply (ex_RInt_continuous (fun x => f x * bell x)). intros. apply (continuous_mult f bell); auto. apply bell_continuous.
Qed.
Lemma whole_exists : forall f c k R0, (forall x, continuous f x) -> (forall x, Rabs (f x) <= c * exp (INR k * Rabs x)) ->
  2 * INR k < R0 -> exists l, whole_integral (fun x => f x * bell x) l /\
  forall N, R0 <= N -> Rabs (l - RInt (fun x => f x * bell x) (- N) N) <= tails c k N R0.
Proof. intros. apply whole_exists_if; auto. now apply g_integrable. Qed.
(* --- how fast a formula may grow: at most c exp(k|x|) --- *)
Fixpoint growth (p : F.precision) (E : list I.type) (t : term) : option (I.type * nat) :=
  match t with
  | Var => Some (I.fromZ p 1, 1%nat)
  | Par k => Some (I.abs (List.nth k E I.nai), O)
  | Num z => Some (I.abs (I.fromZ p z), O)
  | Neg a => growth p E a
  | Add a b | Sub a b | Max a b | Min a b =>
    match growth p E a, growth p E b with
    | Some (x, k), Some (y, l) => Some (I.add p x y, Nat.max k l) | _, _ => None end
  | Mul a b =>
    match growth p E a, growth p E b with
    | Some (x, k), Some (y, l) => Some (I.mul p x y, (k + l)%nat) | _, _ => None end
  | Div a b =>
    match growth p E a with
    | Some (x, k) => if fixed b && tame false b then Some (over p x (I.abs (at_once p E I.nai b)), k) else None
    | None => None end
  | Pow a n => match growth p E a with Some (x, k) => Some (raised p x n, (n * k)%nat) | None => None end
  | Exp a => match growth p E a with Some (x, O) => Some (I.exp p x, O) | _ => None end
  | Tanh _ => Some (I.fromZ p 1, O)
  end.
Lemma exp_more : forall a b, a <= b -> exp a <= exp b.
Proof. intros a b [H | ->]; [left; now apply exp_increasing | right; reflexivity]. Qed.
Lemma exp_of_max : forall c d k l x, 0 <= c -> 0 <= d ->
  c * exp (INR k * Rabs x) + d * exp (INR l * Rabs x) <= (c + d) * exp (INR (Nat.max k l) * Rabs x).
Proof.
  intros. rewrite Rmult_plus_distr_r. pose proof (Rabs_pos x). apply Rplus_le_compat; apply Rmult_le_compat_l; auto;
    apply exp_more, Rmult_le_compat_r; auto; apply le_INR; lia.
Qed.
Lemma tanh_bound : forall x, Rabs (tanh x) <= 1.
Proof.
  intros. rewrite tanh_exp. pose proof (exp_pos (2 * x)).
  assert (0 < 2 / (exp (2 * x) + 1) < 2).
  { split. apply Rdiv_lt_0_compat; lra. apply Rmult_lt_reg_r with (exp (2 * x) + 1); [lra|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  apply Rabs_le. lra.
Qed.
Definition grows_by (X : I.type) (k : nat) (f : R -> R) : Prop :=
  exists c, 0 <= c /\ holds X c /\ forall x, Rabs (f x) <= c * exp (INR k * Rabs x).
Lemma grows_sum : forall p X Y k l f g h, grows_by X k f -> grows_by Y l g ->
  (forall x, Rabs (h x) <= Rabs (f x) + Rabs (g x)) -> grows_by (I.add p X Y) (Nat.max k l) h.
Proof.
  intros p X Y k l f g h [c [C1 [C2 C3]]] [d [D1 [D2 D3]]] H. exists (c + d). split; [lra|]. split; [now apply holds_add|].
  intros. apply Rle_trans with (1 := H x). eapply Rle_trans; [|now apply exp_of_max]. now apply Rplus_le_compat.
Qed.
Lemma growth_correct : forall p E e, around E e -> forall t X k, growth p E t = Some (X, k) -> grows_by X k (value e t).
Proof.
  intros p E e HE.
  assert (const : forall X c, holds X c -> grows_by (I.abs X) 0 (fun _ => c)).
  { intros X c H. exists (Rabs c). split; [apply Rabs_pos|]. split; [now apply holds_abs|].
    intros. simpl. rewrite Rmult_0_l, exp_0. lra. }
  induction t; cbn [growth value]; intros X k' H; try discriminate H;
    repeat match goal with
    | H : match growth p E ?a with _ => _ end = _ |- _ => destruct (growth p E a) as [[? ?]|] eqn:?; try discriminate H
    end.
  - injection H as <- <-. exists 1. split; [lra|]. split; [apply holds_Z|]. intros. simpl. rewrite !Rmult_1_l.
    destruct (Req_dec (Rabs x) 0) as [->|N]. left; apply exp_pos. pose proof (Rabs_pos x). pose proof (exp_ineq1 (Rabs x) ltac:(lra)). lra.
  - injection H as <- <-. apply const. apply HE.
  - injection H as <- <-. apply const. apply holds_Z.
  - destruct (IHt _ _ H) as [c [C1 [C2 C3]]]. exists c. repeat split; auto. intros. now rewrite Rabs_Ropp.
  - injection H as <- <-. eapply grows_sum; [now apply IHt1 | now apply IHt2 | intros; apply Rabs_triang].
  - injection H as <- <-. eapply grows_sum; [now apply IHt1 | now apply IHt2 |].
    intros. unfold Rminus. eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp. lra.
  - injection H as <- <-. destruct (IHt1 _ _ eq_refl) as [c [C1 [C2 C3]]], (IHt2 _ _ eq_refl) as [d [D1 [D2 D3]]].
    exists (c * d). split; [now apply Rmult_le_pos|]. split; [now apply holds_mul|]. intros.
    rewrite Rabs_mult, plus_INR, Rmult_plus_distr_r, exp_plus.
    replace (c * d * _) with ((c * exp (INR n * Rabs x)) * (d * exp (INR n0 * Rabs x))) by ring.
    apply Rmult_le_compat; auto using Rabs_pos.
  - destruct (fixed t2 && tame false t2) eqn:T; try discriminate H. parts. injection H as <- <-.
    destruct (IHt1 _ _ eq_refl) as [c [C1 [C2 C3]]].
    assert (HV : holds (at_once p E I.nai t2) (value e t2 0)) by (apply at_once_correct; auto; apply holds_nai).
    exists (c / Rabs (value e t2 0)). split.
    + destruct (Req_dec (value e t2 0) 0) as [->|N]. rewrite Rabs_R0. unfold Rdiv. rewrite Rinv_0. lra.
      apply Rmult_le_pos; auto. left. apply Rinv_0_lt_compat. now apply Rabs_pos_lt.
    + split. apply holds_over; auto. now apply holds_abs. intros. unfold Rdiv. rewrite Rabs_mult.
      rewrite (fixed_correct e t2 x 0) by auto. rewrite Rabs_inv.
      rewrite Rmult_assoc, (Rmult_comm (/ _)), <- Rmult_assoc. apply Rmult_le_compat_r; auto.
      destruct (Req_dec (value e t2 0) 0) as [->|N]. rewrite Rabs_R0, Rinv_0. lra. left. apply Rinv_0_lt_compat. now apply Rabs_pos_lt.
  - injection H as <- <-. destruct (IHt _ _ eq_refl) as [c [C1 [C2 C3]]]. exists (c ^ n).
    split; [now apply pow_le|]. split; [now apply raised_correct|]. intros. rewrite <- RPow_abs.
    replace (c ^ n * exp (INR (n * n0) * Rabs x)) with ((c * exp (INR n0 * Rabs x)) ^ n).
    apply pow_incr. split; auto using Rabs_pos. rewrite Rpow_mult_distr. f_equal.
    rewrite mult_INR. clear. induction n. simpl. now rewrite !Rmult_0_l, exp_0.
    rewrite S_INR, <- tech_pow_Rmult, IHn, <- exp_plus. f_equal. ring.
  - destruct n; try discriminate H. injection H as <- <-. destruct (IHt _ _ eq_refl) as [c [C1 [C2 C3]]]. exists (exp c).
    split; [left; apply exp_pos|]. split; [now apply holds_exp|]. intros. specialize (C3 x). simpl in C3 |- *. rewrite Rmult_0_l, exp_0, Rmult_1_r in *.
    rewrite Rabs_pos_eq by (left; apply exp_pos). apply exp_more. apply Rle_trans with (2 := C3). apply Rle_abs.
  - injection H as <- <-. exists 1. split; [lra|]. split; [apply holds_Z|]. intros. simpl. rewrite Rmult_0_l, exp_0, Rmult_1_l. apply tanh_bound.
  - injection H as <- <-. eapply grows_sum; [now apply IHt1 | now apply IHt2 |].
    intros. unfold Rmax. destruct Rle_dec; pose proof (Rabs_pos (value e t1 x)); pose proof (Rabs_pos (value e t2 x)); lra.
  - injection H as <- <-. eapply grows_sum; [now apply IHt1 | now apply IHt2 |].
    intros. unfold Rmin. destruct Rle_dec; pose proof (Rabs_pos (value e t1 x)); pose proof (Rabs_pos (value e t2 x)); lra.
Qed.

(* --- bounds of a mean: panels from -R to R, R = last/D, and the tails --- *)
Definition bell_ : term := Exp (Neg (Div (Pow Var 2) (Num 2))).
Definition mean_enclosure (p q : F.precision) (l : list box) (t : term) (d : nat) (D a : Z) (ends : list Z) : I.type :=
  let E := boxes p l in
  match growth q (boxes q l) t with
  | None => I.nai
  | Some (c, k) =>
    let R0 := ratio q (last_ a ends) D in
    let s := I.sub q (over q R0 (I.fromZ q 2)) (I.fromZ q (Z.of_nat k)) in
    let tail := I.mul q (I.fromZ q 2) (over q (I.mul q c (I.exp q (I.mul q (I.neg s) R0))) s) in
    if Z.ltb 0 D && tame true t && Z.eqb a (- last_ a ends) && Z.ltb (2 * Z.of_nat k * D) (last_ a ends)
    then over p (I.add p (area p q E (boxes q l) (Mul t bell_) d D a ends) (I.mul q tail (unit_ q)))
      (I.sqrt p (I.mul p (I.fromZ p 2) (I.pi p)))
    else I.nai
  end.
Definition mean_check (p q : F.precision) (l : list box) (t : term) (d : nat) (D a : Z) (ends : list Z) (lo hi : Z * Z) : bool :=
  let M := mean_enclosure p q l t d D a ends in
  match growth q (boxes q l) t with
  | None => false
  | Some (c, k) =>
    Z.ltb 0 D && tame true t && Z.eqb a (- last_ a ends) && Z.ltb (2 * Z.of_nat k * D) (last_ a ends)
    && known_nonneg (I.sub p M (ratio p (fst lo) (snd lo))) && known_nonneg (I.sub p (ratio p (fst hi) (snd hi)) M)
  end.
Lemma holds_sqrt : forall p X x, holds X x -> holds (I.sqrt p X) (sqrt x).
Proof. intros. exact (I.sqrt_correct p _ _ H). Qed.
Lemma holds_pi : forall p, holds (I.pi p) PI.
Proof. intros. exact (I.pi_correct p). Qed.
Lemma holds_wide : forall q T x b, holds T b -> Rabs x <= b -> holds (I.mul q T (unit_ q)) x.
Proof.
  intros q T x b H B. destruct (Req_dec b 0) as [->|N].
  - replace x with (0 * 0). apply holds_mul; auto. apply holds_unit; lra. apply Rabs_le_between in B. lra.
  - assert (0 < b) by (pose proof (Rabs_pos x); lra).
    replace x with (b * (x / b)) by (field; lra). apply holds_mul; auto. apply holds_unit.
    apply Rabs_le_between in B. split; apply Rmult_le_reg_r with b; auto; unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; lra.
Qed.
Theorem mean_bounds : forall p q l t d D a ends lo hi, mean_check p q l t d D a ends lo hi = true ->
  forall e, List.Forall2 boxed l e -> has_mean (value e t) /\
    IZR (fst lo) / IZR (snd lo) <= Mean (value e t) <= IZR (fst hi) / IZR (snd hi).
Proof.
  intros p q l t d D a ends lo hi C e HE. unfold mean_check, mean_enclosure in C.
  pose proof (boxes_correct p l e HE) as HP. pose proof (boxes_correct q l e HE) as HQ.
  destruct (growth q (boxes q l) t) as [[X k]|] eqn:G; try discriminate C.
  destruct (Z.ltb 0 D && tame true t && Z.eqb a (- last_ a ends) && Z.ltb (2 * Z.of_nat k * D) (last_ a ends)) eqn:K; try discriminate C.
  destruct (growth_correct q _ e HQ t X k G) as [c [C1 [C2 C3]]]. parts.
  match goal with T : tame true t = true |- _ => rename T into Tm end.
  match goal with T : Z.ltb 0 D = true |- _ => rename T into TD end.
  match goal with T : Z.eqb a _ = true |- _ => rename T into Ta end.
  match goal with T : Z.ltb (2 * _ * D) _ = true |- _ => rename T into Tf end.
  match goal with T : known_nonneg (I.sub p (over _ _ _) _) = true |- _ => rename T into Tl end.
  match goal with T : known_nonneg (I.sub p (ratio _ _ _) _) = true |- _ => rename T into Th end.
  assert (PD : 0 < IZR D) by (apply IZR_lt; now apply Z.ltb_lt).
  set (R0 := IZR (last_ a ends) / IZR D).
  assert (F : 2 * INR k < R0).
  { unfold R0. apply Rmult_lt_reg_r with (IZR D); auto. replace (IZR (last_ a ends) / IZR D * IZR D) with (IZR (last_ a ends)) by (field; lra).
    rewrite INR_IZR_INZ, <- !mult_IZR. apply IZR_lt. now apply Z.ltb_lt. }
  pose proof (tame_continuous e t Tm) as Ct.
  destruct (whole_exists (value e t) c k R0 Ct C3 F) as [L [W B]].
  destruct (mean_is _ _ W) as [M1 M2]. split; auto. rewrite M2. specialize (B R0 ltac:(lra)).
  assert (HL : holds (I.add p (area p q (boxes p l) (boxes q l) (Mul t bell_) d D a ends) (I.mul q
    (I.mul q (I.fromZ q 2) (over q (I.mul q X (I.exp q (I.mul q (I.neg (I.sub q (over q (ratio q (last_ a ends) D) (I.fromZ q 2)) (I.fromZ q (Z.of_nat k)))) (ratio q (last_ a ends) D))))
       (I.sub q (over q (ratio q (last_ a ends) D) (I.fromZ q 2)) (I.fromZ q (Z.of_nat k))))) (unit_ q))) L).
  { replace L with (RInt (fun x => value e t x * bell x) (- R0) R0 + (L - RInt (fun x => value e t x * bell x) (- R0) R0)) by ring.
    apply holds_add.
    - replace (- R0) with (IZR a / IZR D). 2: { apply Z.eqb_eq in Ta. rewrite Ta. unfold R0. rewrite opp_IZR. field. lra. }
      apply (area_correct p q _ _ e (Mul t bell_) d D HP HQ).
      now apply Z.ltb_lt. simpl. now rewrite Tm.
    - apply holds_wide with (b := tails c k R0 R0); auto. unfold tails.
      assert (HR : holds (ratio q (last_ a ends) D) R0) by apply ratio_correct.
      assert (HS : holds (I.sub q (over q (ratio q (last_ a ends) D) (I.fromZ q 2)) (I.fromZ q (Z.of_nat k))) (R0 / 2 - INR k)).
      { rewrite INR_IZR_INZ. apply holds_sub; [|apply holds_Z]. apply holds_over; auto. apply holds_Z. }
      apply holds_mul; [apply holds_Z|]. apply holds_over; auto. apply holds_mul; auto. apply holds_exp, holds_mul; auto. now apply holds_neg. }
  assert (HM : holds (over p (I.add p (area p q (boxes p l) (boxes q l) (Mul t bell_) d D a ends) (I.mul q
    (I.mul q (I.fromZ q 2) (over q (I.mul q X (I.exp q (I.mul q (I.neg (I.sub q (over q (ratio q (last_ a ends) D) (I.fromZ q 2)) (I.fromZ q (Z.of_nat k)))) (ratio q (last_ a ends) D))))
       (I.sub q (over q (ratio q (last_ a ends) D) (I.fromZ q 2)) (I.fromZ q (Z.of_nat k))))) (unit_ q)))
     (I.sqrt p (I.mul p (I.fromZ p 2) (I.pi p)))) (L / sqrt (2 * PI))).
  { apply holds_over; auto. apply holds_sqrt, holds_mul. apply holds_Z. apply holds_pi. }
  split.
  - apply (known_nonneg_correct _ (L / sqrt (2 * PI) - IZR (fst lo) / IZR (snd lo))) in Tl. lra. apply holds_sub; auto. apply ratio_correct.
  - apply (known_nonneg_correct _ (IZR (fst hi) / IZR (snd hi) - L / sqrt (2 * PI))) in Th. lra. apply holds_sub; auto. apply ratio_correct.
Qed.

Fixpoint upto (n : nat) (k : Z) : list Z := match n with O => nil | S m => cons k (upto m (k + 1)%Z) end.
