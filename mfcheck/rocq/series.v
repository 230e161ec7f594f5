Require Import FunctionalExtensionality Reals ZArith Bool Lra Lia.
Require List.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

(* --- Taylor coefficients of smooth functions --- *)
Fixpoint total (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S m => f O + total m (fun i => f (S i)) end.
Definition conv (f g : nat -> R) (k : nat) : R := total (S k) (fun i => f i * g (k - i)%nat).

Lemma total_ext : forall n f g, (forall i, (i < n)%nat -> f i = g i) -> total n f = total n g.
Proof. induction n; simpl; intros; auto. rewrite H by lia. f_equal. apply IHn. intros; apply H; lia. Qed.
Lemma total_last : forall n f, total (S n) f = total n f + f n.
Proof.
  induction n; intros; [simpl; lra|]. change (total (S (S n)) f) with (f O + total (S n) (fun i => f (S i))).
  rewrite IHn. simpl. lra.
Qed.
Lemma total_plus : forall n f g, total n (fun i => f i + g i) = total n f + total n g.
Proof. induction n; simpl; intros; [lra|]. rewrite IHn. lra. Qed.
Lemma total_scale : forall n c f, total n (fun i => c * f i) = c * total n f.
Proof. induction n; simpl; intros; [lra|]. rewrite IHn. lra. Qed.
Lemma total_derive : forall n (f : nat -> R -> R) g x,
  (forall i, (i < n)%nat -> is_derive (f i) x (g i)) -> is_derive (fun y => total n (fun i => f i y)) x (total n g).
Proof.
  induction n; simpl; intros. exact (is_derive_const 0 x).
  apply (is_derive_plus (fun y => f O y) (fun y => total n (fun i => f (S i) y))). apply H; lia. apply IHn. intros; apply H; lia.
Qed.

Definition sequence (c : nat -> R -> R) : Prop := forall k x, is_derive (c k) x (INR (S k) * c (S k) x).

Lemma conv_rule : forall f g k,
  total (S k) (fun i => INR (S i) * f (S i) * g (k - i)%nat + f i * (INR (S (k - i)) * g (S (k - i)))) =
  INR (S k) * conv f g (S k).
Proof.
  intros. unfold conv. rewrite total_plus, <- total_scale.
  rewrite (total_ext (S (S k)) _ (fun i => INR i * f i * g (S k - i)%nat + f i * (INR (S k - i) * g (S k - i)%nat))).
  2: { intros i Hi. rewrite minus_INR by lia. ring. }
  rewrite total_plus. f_equal.
  - change (total (S (S k)) (fun i => INR i * f i * g (S k - i)%nat)) with
      (INR 0 * f O * g (S k - 0)%nat + total (S k) (fun i => INR (S i) * f (S i) * g (S k - S i)%nat)).
    simpl (INR 0). rewrite !Rmult_0_l, Rplus_0_l. apply total_ext. reflexivity.
  - rewrite (total_last (S k)), Nat.sub_diag. simpl (INR 0). rewrite Rmult_0_l, Rmult_0_r, Rplus_0_r.
    apply total_ext. intros. replace (S k - i)%nat with (S (k - i)) by lia. reflexivity.
Qed.

Lemma sequence_conv : forall c d, sequence c -> sequence d -> sequence (fun k x => conv (fun i => c i x) (fun i => d i x) k).
Proof.
  intros c d C D k x. rewrite <- conv_rule. unfold conv.
  apply (total_derive (S k) (fun i y => c i y * d (k - i)%nat y)). intros i Hi.
  apply (is_derive_mult (c i) (d (k - i)%nat)); auto. intros; apply Rmult_comm.
Qed.

Lemma sequence_unique : forall c d, sequence c -> sequence d -> (forall x, c O x = d O x) -> forall k x, c k x = d k x.
Proof.
  intros c d C D E. induction k; auto. intros x.
  assert (P : 0 < INR (S k)) by (apply lt_0_INR; lia). apply Rmult_eq_reg_l with (INR (S k)); [|lra].
  rewrite <- (is_derive_unique _ _ _ (C k x)), <- (is_derive_unique _ _ _ (D k x)). now apply Derive_ext.
Qed.

Fixpoint smooth (n : nat) (f : R -> R) : Prop :=
  match n with O => True | S m => exists g, (forall x, is_derive f x (g x)) /\ smooth m g end.
Definition Smooth (f : R -> R) : Prop := forall n, smooth n f.

Lemma smooth_less : forall n f, smooth (S n) f -> smooth n f.
Proof. induction n; simpl; intros; auto. destruct H as [g [G H]]. exists g. split; [exact G | now apply IHn]. Qed.
Lemma smooth_ext : forall n f g, (forall x, f x = g x) -> smooth n f -> smooth n g.
Proof. intros n f g E. replace g with f; [auto | now apply functional_extensionality]. Qed.
Lemma smooth_const : forall n c, smooth n (fun _ => c).
Proof. induction n; intros c; simpl; auto. exists (fun _ => 0). split; [intros; exact (is_derive_const c x) | apply IHn]. Qed.
Lemma smooth_id : forall n, smooth n (fun x => x).
Proof. destruct n; simpl; auto. exists (fun _ => 1). split; [intros; exact (is_derive_id x) | apply smooth_const]. Qed.
Lemma smooth_plus : forall n f g, smooth n f -> smooth n g -> smooth n (fun x => f x + g x).
Proof.
  induction n; simpl; intros; auto. destruct H as [f' [F H]], H0 as [g' [G H0]]. exists (fun x => f' x + g' x).
  split; auto. intros. now apply (is_derive_plus f g).
Qed.
Lemma smooth_mult : forall n f g, smooth n f -> smooth n g -> smooth n (fun x => f x * g x).
Proof.
  induction n; simpl; intros; auto. pose proof H as Hf. pose proof H0 as Hg.
  destruct H as [f' [F H]], H0 as [g' [G H0]]. exists (fun x => f' x * g x + f x * g' x). split.
  - intros. apply (is_derive_mult f g); auto. intros; apply Rmult_comm.
  - apply smooth_plus; apply IHn; auto; now apply smooth_less.
Qed.
(* y' = a' Q(y) *)
Definition quadratic (p q r : Z) (y : R) : R := IZR p + (IZR q * y + IZR r * (y * y)).
Lemma smooth_flow : forall p q r a y, Smooth a -> (forall x, is_derive y x (Derive a x * quadratic p q r (y x))) -> Smooth y.
Proof.
  intros p q r a y A Y n. induction n; simpl; auto. exists (fun x => Derive a x * quadratic p q r (y x)). split; auto.
  apply smooth_mult.
  - destruct (A (S n)) as [g [G H]]. apply smooth_ext with (2 := H). intros. symmetry. now apply is_derive_unique.
  - apply smooth_plus; [apply smooth_const|]. apply smooth_plus; apply smooth_mult; auto using smooth_const. now apply smooth_mult.
Qed.

Definition coef (f : R -> R) (k : nat) (x : R) : R := Derive_n f k x / INR (fact k).
Lemma smooth_derive : forall f, Smooth f -> (forall x, is_derive f x (Derive f x)) /\ Smooth (Derive f).
Proof.
  intros f F. split.
  - intros. destruct (F 1%nat) as [g [G _]]. apply Derive_correct. now exists (g x).
  - intros n. destruct (F (S n)) as [g [G H]]. apply smooth_ext with (2 := H). intros. symmetry. now apply is_derive_unique.
Qed.
Lemma smooth_derive_n : forall k f, Smooth f -> Smooth (Derive_n f k).
Proof. induction k; simpl; intros; auto. apply smooth_derive. auto. Qed.
Lemma coef_0 : forall f x, coef f 0 x = f x.
Proof. intros. unfold coef. simpl. field. Qed.
Lemma coef_sequence : forall f, Smooth f -> sequence (coef f).
Proof.
  intros f F k x. unfold coef.
  replace (INR (S k) * (Derive_n f (S k) x / INR (fact (S k)))) with (Derive (Derive_n f k) x * / INR (fact k)).
  - apply (is_derive_ext (fun x => / INR (fact k) * Derive_n f k x)). intros; unfold Rdiv; apply Rmult_comm.
    rewrite Rmult_comm. apply (is_derive_scal (Derive_n f k)). apply smooth_derive. now apply smooth_derive_n.
  - change (fact (S k)) with (S k * fact k)%nat. rewrite mult_INR.
    change (Derive_n f (S k) x) with (Derive (Derive_n f k) x). field.
    split; [apply INR_fact_neq_0 | apply not_0_INR; lia].
Qed.
Lemma coef_unique : forall f c, Smooth f -> sequence c -> (forall x, c O x = f x) -> forall k x, coef f k x = c k x.
Proof. intros f c F C E. apply sequence_unique; auto. now apply coef_sequence. intros. now rewrite coef_0. Qed.

Lemma coef_const : forall c k x, coef (fun _ => c) k x = match k with O => c | _ => 0 end.
Proof.
  intros. apply (coef_unique _ (fun k _ => match k with O => c | _ => 0 end)); auto.
  - intros n. apply smooth_const.
  - intros [|j] y; rewrite Rmult_0_r; [exact (is_derive_const c y) | exact (is_derive_const 0 y)].
Qed.
Lemma coef_id : forall k x, coef (fun x => x) k x = match k with O => x | S O => 1 | _ => 0 end.
Proof.
  intros. apply (coef_unique _ (fun k x => match k with O => x | S O => 1 | _ => 0 end)); auto.
  - intros n. apply smooth_id.
  - intros [|[|j]] y; simpl INR; rewrite ?Rmult_0_r, ?Rmult_1_r;
      [exact (is_derive_id y) | exact (is_derive_const 1 y) | exact (is_derive_const 0 y)].
Qed.
Lemma coef_plus : forall f g, Smooth f -> Smooth g -> forall k x, coef (fun x => f x + g x) k x = coef f k x + coef g k x.
Proof.
  intros f g F G. apply coef_unique.
  - intros n. now apply smooth_plus.
  - intros k x. rewrite Rmult_plus_distr_l. apply (is_derive_plus (coef f k) (coef g k)); now apply coef_sequence.
  - intros. now rewrite !coef_0.
Qed.
Lemma coef_mult : forall f g, Smooth f -> Smooth g -> forall k x,
  coef (fun x => f x * g x) k x = conv (fun i => coef f i x) (fun i => coef g i x) k.
Proof.
  intros f g F G. apply (coef_unique (fun x => f x * g x) (fun k x => conv (fun i => coef f i x) (fun i => coef g i x) k)).
  - intros n. now apply smooth_mult.
  - apply sequence_conv; now apply coef_sequence.
  - intros. unfold conv. simpl. rewrite !coef_0. lra.
Qed.
Lemma coef_derive : forall f, Smooth f -> forall k x, coef (Derive f) k x = INR (S k) * coef f (S k) x.
Proof.
  intros f F. apply coef_unique. now apply smooth_derive.
  - intros k x. pose proof (coef_sequence f F (S k) x) as H. apply (is_derive_scal (coef f (S k)) x (INR (S k))) in H. exact H.
  - intros. unfold coef. change (Derive_n f 1 x) with (Derive f x). simpl. field.
Qed.
Lemma coef_flow : forall p q r a y, Smooth a -> (forall x, is_derive y x (Derive a x * quadratic p q r (y x))) -> forall k x,
  INR (S k) * coef y (S k) x =
  conv (fun i => INR (S i) * coef a (S i) x) (fun i => coef (fun x => quadratic p q r (y x)) i x) k.
Proof.
  intros p q r a y A Y k x. pose proof (smooth_flow _ _ _ _ _ A Y) as S. rewrite <- coef_derive by auto.
  replace (Derive y) with (fun x => Derive a x * quadratic p q r (y x)).
  - rewrite coef_mult.
    + unfold conv. apply total_ext. intros. now rewrite coef_derive.
    + now apply smooth_derive.
    + intros n. unfold quadratic. apply smooth_plus; [apply smooth_const|]. apply smooth_plus; apply smooth_mult; auto using smooth_const. now apply smooth_mult.
  - apply functional_extensionality. intros. symmetry. now apply is_derive_unique.
Qed.
Lemma coef_quadratic : forall p q r y, Smooth y -> forall k x, coef (fun x => quadratic p q r (y x)) k x =
  match k with O => IZR p | _ => 0 end + (IZR q * coef y k x + IZR r * conv (fun i => coef y i x) (fun i => coef y i x) k).
Proof.
  intros p q r y Y. apply coef_unique.
  - intros n. apply smooth_plus; [apply smooth_const|]. apply smooth_plus; apply smooth_mult; auto using smooth_const. now apply smooth_mult.
  - intros k x. rewrite !Rmult_plus_distr_l, Rmult_0_r. rewrite <- !Rmult_assoc, (Rmult_comm _ (IZR q)), (Rmult_comm _ (IZR r)), !Rmult_assoc.
    apply (is_derive_plus (fun _ => match k with O => IZR p | _ => 0 end)). exact (is_derive_const _ x).
    apply (is_derive_plus (fun x => IZR q * coef y k x)); apply is_derive_scal.
    now apply coef_sequence. pose proof (coef_sequence y Y) as H. exact (sequence_conv _ _ H H k x).
  - intros. unfold quadratic, conv. simpl. rewrite coef_0. lra.
Qed.

(* --- Taylor's formula, from signs of derivatives --- *)
Lemma grows : forall (f g : R -> R) a b, a <= b -> (forall x, a <= x <= b -> is_derive f x (g x)) ->
  (forall x, a <= x <= b -> 0 <= g x) -> f a <= f b.
Proof.
  intros f g a b L D G. destruct (MVT_gen f a b g) as [c [C E]].
  - rewrite Rmin_left, Rmax_right by lra. intros; apply D; lra.
  - rewrite Rmin_left, Rmax_right by lra. intros. apply continuity_pt_filterlim.
    apply (ex_derive_continuous f). exists (g x). now apply D.
  - rewrite Rmin_left, Rmax_right in C by lra. assert (0 <= g c * (b - a)) by (apply Rmult_le_pos; [now apply G | lra]). lra.
Qed.
Definition taylor (c : nat -> R -> R) (d : nat) (m x : R) : R := total d (fun k => c k m * (x - m) ^ k).
Lemma taylor_derive : forall d c m x,
  is_derive (taylor c (S d) m) x (taylor (fun k y => INR (S k) * c (S k) y) d m x).
Proof.
  intros. unfold taylor. change (fun y => total (S d) (fun k => c k m * (y - m) ^ k)) with
    (fun y => c O m * (y - m) ^ 0 + total d (fun k => c (S k) m * (y - m) ^ (S k))).
  replace (total d _) with (0 + total d (fun k => INR (S k) * c (S k) m * (x - m) ^ k)) by lra.
  apply (is_derive_plus (fun y => c O m * (y - m) ^ 0)).
  - apply (is_derive_ext (fun _ => c O m)). intros; simpl; lra. exact (is_derive_const _ x).
  - apply (total_derive d (fun k y => c (S k) m * (y - m) ^ S k)). intros.
    replace (INR (S i) * c (S i) m * (x - m) ^ i) with (c (S i) m * (INR (S i) * 1 * (x - m) ^ pred (S i))) by (cbn [pred]; ring).
    apply is_derive_scal. apply (is_derive_pow (fun y => y - m)). auto_derive; auto.
Qed.
Lemma taylor_bound : forall d c M m r, sequence c -> 0 <= r -> (forall x, m - r <= x <= m + r -> Rabs (c d x) <= M) ->
  forall t, 0 <= t <= r -> Rabs (c O (m + t) - taylor c d m (m + t)) <= M * t ^ d /\
                           Rabs (c O (m - t) - taylor c d m (m - t)) <= M * t ^ d.
Proof.
  induction d; intros c M m r C P B t T.
  - unfold taylor. simpl. rewrite !Rminus_0_r, Rmult_1_r. split; apply B; lra.
  - set (e := fun k y => INR (S k) * c (S k) y).
    assert (E : sequence e). { intros k x. apply (is_derive_scal (c (S k))). apply C. }
    assert (P0 : 0 <= INR (S d)) by apply pos_INR.
    assert (BE : forall x, m - r <= x <= m + r -> Rabs (e d x) <= INR (S d) * M).
    { intros. unfold e. rewrite Rabs_mult, (Rabs_pos_eq (INR (S d))) by lra. apply Rmult_le_compat_l; auto. }
    specialize (IHd e (INR (S d) * M) m r E P BE).
    set (h := fun y => c O y - taylor c (S d) m y).
    assert (H0 : forall y, is_derive h y (e O y - taylor e d m y)).
    { intros. apply (is_derive_minus (c O) (taylor c (S d) m)). specialize (C O y). unfold e. exact C. apply taylor_derive. }
    assert (Hm : h m = 0).
    { unfold h, taylor. simpl. rewrite (total_ext d _ (fun _ => 0 * 0)). rewrite total_scale. lra. intros.
      replace (m - m) with 0 by ring. simpl. lra. }
    assert (D : forall (y : R), is_derive (fun s => M * s ^ S d) y (INR (S d) * M * y ^ d)).
    { intros. replace (INR (S d) * M * y ^ d) with (M * (INR (S d) * 1 * y ^ pred (S d))) by (cbn [pred]; ring).
      apply is_derive_scal. apply (is_derive_pow (fun s => s)). auto_derive; auto. }
    assert (R1 : forall s, is_derive (fun s => h (m + s)) s (e O (m + s) - taylor e d m (m + s))).
    { intros. replace (e O (m + s) - taylor e d m (m + s)) with (1 * (e O (m + s) - taylor e d m (m + s))) by ring.
      apply (is_derive_comp h (fun s => m + s)); auto. auto_derive; auto; try lra. }
    assert (R2 : forall s, is_derive (fun s => h (m - s)) s (- (e O (m - s) - taylor e d m (m - s)))).
    { intros. replace (- (e O (m - s) - taylor e d m (m - s))) with (-1 * (e O (m - s) - taylor e d m (m - s))) by ring.
      apply (is_derive_comp h (fun s => m - s)); auto. auto_derive; auto; try lra. }
    assert (K : forall (g g' : R -> R), g 0 = 0 -> (forall s, is_derive g s (g' s)) ->
      (forall s, 0 <= s <= r -> Rabs (g' s) <= INR (S d) * M * s ^ d) -> Rabs (g t) <= M * t ^ S d).
    { intros g g' G0 G GB. apply Rabs_le. split.
      - assert (Q : (fun s => M * s ^ S d + g s) 0 <= (fun s => M * s ^ S d + g s) t).
        { apply (grows (fun s => M * s ^ S d + g s) (fun s => INR (S d) * M * s ^ d + g' s)); try lra.
          - intros. now apply (is_derive_plus (fun s => M * s ^ S d) g).
          - intros. specialize (GB x ltac:(lra)). apply Rabs_le_between in GB. lra. }
        cbv beta in Q. rewrite G0 in Q. simpl in Q |- *. lra.
      - assert (Q : (fun s => M * s ^ S d - g s) 0 <= (fun s => M * s ^ S d - g s) t).
        { apply (grows (fun s => M * s ^ S d - g s) (fun s => INR (S d) * M * s ^ d - g' s)); try lra.
          - intros. now apply (is_derive_minus (fun s => M * s ^ S d) g).
          - intros. specialize (GB x ltac:(lra)). apply Rabs_le_between in GB. lra. }
        cbv beta in Q. rewrite G0 in Q. simpl in Q |- *. lra. }
    split.
    + apply (K (fun s => h (m + s)) _ ltac:(cbv beta; now rewrite Rplus_0_r) R1). intros s Hs. apply IHd; lra.
    + apply (K (fun s => h (m - s)) _ ltac:(cbv beta; now rewrite Rminus_0_r) R2). intros s Hs. rewrite Rabs_Ropp. apply IHd; lra.
Qed.

Lemma smooth_continuous : forall f, Smooth f -> forall x, continuous f x.
Proof. intros. apply (ex_derive_continuous f). exists (Derive f x). now apply smooth_derive. Qed.
Lemma smooth_integrable : forall f, Smooth f -> forall a b, ex_RInt f a b.
Proof. intros. apply (ex_RInt_continuous f). intros; now apply smooth_continuous. Qed.

Lemma quadrature : forall f, Smooth f -> forall d m r M, 0 <= r ->
  (forall x, m - r <= x <= m + r -> Rabs (coef f d x) <= M) ->
  Rabs (RInt f (m - r) (m + r) -
    total d (fun k => coef f k m * ((r ^ S k - (- r) ^ S k) / INR (S k)))) <= 2 * (M / INR (S d) * r ^ S d).
Proof.
  intros f F d m r M P B. assert (PD : 0 < INR (S d)) by (apply lt_0_INR; lia).
  set (C := fun k y => match k with O => RInt f m y | S j => coef f j y / INR (S j) end).
  assert (SC : sequence C).
  { intros [|k] x; unfold C.
    - simpl INR. rewrite coef_0. replace (1 * (f x / 1)) with (f x) by field. apply (is_derive_RInt f _ m).
      + exists (mkposreal 1 Rlt_0_1). intros. apply (RInt_correct f). now apply smooth_integrable.
      + now apply smooth_continuous.
    - apply (is_derive_ext (fun y => / INR (S k) * coef f k y)). intros; unfold Rdiv; apply Rmult_comm.
      replace (INR (S (S k)) * (coef f (S k) x / INR (S (S k)))) with (/ INR (S k) * (INR (S k) * coef f (S k) x)).
      apply is_derive_scal. now apply coef_sequence. field. split; apply not_0_INR; lia. }
  assert (BC : forall x, m - r <= x <= m + r -> Rabs (C (S d) x) <= M / INR (S d)).
  { intros. unfold C, Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ _)) by (left; now apply Rinv_0_lt_compat).
    apply Rmult_le_compat_r. left; now apply Rinv_0_lt_compat. now apply B. }
  destruct (taylor_bound (S d) C _ m r SC P BC r ltac:(lra)) as [B1 B2].
  assert (E : RInt f (m - r) (m + r) = C O (m + r) - C O (m - r)).
  { unfold C. rewrite <- (RInt_Chasles f (m - r) m (m + r)) by now apply smooth_integrable.
    rewrite <- (opp_RInt_swap f m (m - r)) by now apply smooth_integrable. unfold plus, opp; simpl. lra. }
  assert (T : total d (fun k => coef f k m * ((r ^ S k - (- r) ^ S k) / INR (S k))) =
    taylor C (S d) m (m + r) - taylor C (S d) m (m - r)).
  { assert (Z : C O m = 0) by (unfold C; apply (RInt_point m f)).
    assert (G : forall u, taylor C (S d) m (m + u) = total d (fun k => coef f k m / INR (S k) * u ^ S k)).
    { intros. unfold taylor. change (total (S d) (fun k => C k m * (m + u - m) ^ k)) with
        (C O m * (m + u - m) ^ 0 + total d (fun k => C (S k) m * (m + u - m) ^ S k)).
      rewrite Z, Rmult_0_l, Rplus_0_l. replace (m + u - m) with u by ring. reflexivity. }
    unfold Rminus at 3. rewrite !G.
    replace (total d (fun k => coef f k m / INR (S k) * r ^ S k) - total d (fun k => coef f k m / INR (S k) * (- r) ^ S k)) with
      (total d (fun k => coef f k m / INR (S k) * r ^ S k) + -1 * total d (fun k => coef f k m / INR (S k) * (- r) ^ S k)) by ring.
    rewrite <- total_scale, <- total_plus. apply total_ext. intros. field. apply not_0_INR; lia. }
  rewrite E, T. apply Rabs_le_between in B1, B2. apply Rabs_le. lra.
Qed.
